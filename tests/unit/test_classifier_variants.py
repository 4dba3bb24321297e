"""From a picture or video file to the rows that find its re-uploads."""

import io

import numpy as np
import pdqhash
import pytest
from PIL import Image, ImageDraw, ImageOps

from services.classifier.hashes.asked import TURNS, asked_of
from services.classifier.hashes.entries import Algorithm, BankHash
from services.classifier.hashes.films import FRAME_THRESHOLD, compute_file
from services.classifier.hashes.variants import (
    OWN_THRESHOLD,
    PictureRefused,
    compute_entries,
    decoded,
)
from shared.prints.alterations import ALTERATIONS
from shared.prints.confirm import SECOND
from shared.prints.digests import digests
from shared.prints.pdq import as_hex, distance, single
from shared.prints.variants import complement
from tests.support.findings import describe
from tests.support.videos import scene, video

KNOWN = 3  # pictures that are listed


def art(seed: int) -> Image.Image:
    """A patchwork of soft colours: as rich as a photograph to a perceptual hash."""
    small = (np.random.default_rng(seed).random((9, 9, 3)) * 255).astype(np.uint8)
    return Image.fromarray(small).resize((400, 300), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "PNG", **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def listed() -> list[BankHash]:
    return [
        entry
        for seed in range(KNOWN)
        for entry in compute_entries(f"art-{seed}", "stand-in", encoded(art(seed)))
        if entry.algorithm is Algorithm.PDQ
    ]


def nearest(listed: list[BankHash], file: bytes) -> tuple[int, BankHash, str, int]:
    """Distance, entry, turn, distance of the second hash: of the nearest, among all that is looked up of a picture."""
    (asked,) = asked_of([describe("http://a.test/1", file)], [])
    return min(
        (
            (distance(look.hash.hex(), entry.hash), entry, look.turn, distance(look.phash.hex(), entry.phash or ""))
            for entry in listed
            for look in asked.pdq
        ),
        key=lambda found: (found[0], found[1].variant != "original"),
    )


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = image.size
    return image.crop((int(width * left), int(height * top), int(width * (1 - right)), int(height * (1 - bottom))))


def stickered(image: Image.Image) -> Image.Image:
    ImageDraw.Draw(image).ellipse((230, 20, 350, 140), fill=(255, 205, 40))
    return image


def collage(image: Image.Image) -> Image.Image:
    canvas = Image.new("RGB", (800, 600))
    for number, cell in enumerate((art(31), image, art(32), art(33))):
        canvas.paste(cell, (number % 2 * 400, number // 2 * 300))
    return canvas


def screenshot(image: Image.Image) -> Image.Image:
    canvas = Image.new("RGB", (440, 800), (250, 250, 250))
    draw = ImageDraw.Draw(canvas)
    for y in (20, 60, 100, 520, 560, 640, 700):
        draw.text((30, y), "the lantern parcel waits at gate seven", (20, 20, 20))
    canvas.paste(image, (20, 150))
    return canvas


REUPLOADS = {
    "recompressed": lambda im: encoded(im, "JPEG", quality=20),
    "halved": lambda im: encoded(im.resize((200, 150))),
    "centre 5 %": lambda im: encoded(cropped(im, *[0.025] * 4), "JPEG"),
    "centre 19 %": lambda im: encoded(cropped(im, *[0.095] * 4)),
    "left 12 %": lambda im: encoded(cropped(im, 0.12, 0, 0, 0)),
    "bottom 25 %": lambda im: encoded(cropped(im, 0, 0, 0, 0.25)),
    "corner 9 %": lambda im: encoded(cropped(im, 0.09, 0, 0, 0.09)),
    "corner 24 %": lambda im: encoded(cropped(im, 0, 0.24, 0.24, 0)),
    "top and bottom 15 %": lambda im: encoded(cropped(im, 0, 0.075, 0, 0.075)),
    "turned by 6°": lambda im: encoded(im.rotate(6, Image.Resampling.BICUBIC)),
    "turned by -3°": lambda im: encoded(im.rotate(-3, Image.Resampling.BICUBIC)),
    "inverted": lambda im: encoded(ImageOps.invert(im)),
    "a sticker": lambda im: encoded(stickered(im)),
    "a border": lambda im: encoded(ImageOps.expand(im, 40, (250, 250, 250)), "JPEG"),
    "a letterbox": lambda im: encoded(ImageOps.expand(im, (0, 80), (0, 0, 0)), "JPEG"),
    "a collage": lambda im: encoded(collage(im)),
    "a screenshot": lambda im: encoded(screenshot(im)),
    "a mirrored screenshot": lambda im: encoded(ImageOps.mirror(screenshot(im))),
    "mirrored": lambda im: encoded(ImageOps.mirror(im)),
    "upside-down": lambda im: encoded(ImageOps.flip(im)),
    "rotate90": lambda im: encoded(im.transpose(Image.Transpose.ROTATE_270)),
    "rotate180": lambda im: encoded(im.transpose(Image.Transpose.ROTATE_180)),
    "rotate270": lambda im: encoded(im.transpose(Image.Transpose.ROTATE_90)),
    "transposed": lambda im: encoded(im.transpose(Image.Transpose.TRANSPOSE)),
    "transversed": lambda im: encoded(im.transpose(Image.Transpose.TRANSVERSE)),
    "mirrored crop": lambda im: encoded(ImageOps.mirror(cropped(im, *[0.05] * 4))),
}


@pytest.mark.parametrize("change", REUPLOADS)
def test_reuploads_are_found_and_a_second_hash_agrees(listed: list[BankHash], change: str) -> None:
    apart, entry, turn, second = nearest(listed, REUPLOADS[change](art(1)))
    assert (entry.entry, apart <= OWN_THRESHOLD, second <= SECOND) == ("art-1", True, True), (apart, second)
    if change in TURNS:
        assert (entry.variant, turn) == ("original", change)


def test_other_pictures_are_not_found(listed: list[BankHash]) -> None:
    for seed in range(10, 16):
        apart, _, _, second = nearest(listed, encoded(collage(art(seed)) if seed % 2 else art(seed)))
        assert apart > OWN_THRESHOLD + 10
        assert second > SECOND


def test_the_entries_of_a_picture() -> None:
    file = encoded(art(1))
    entries = compute_entries("x", "stand-in", file, 40)
    pdq = [e for e in entries if e.algorithm is Algorithm.PDQ]
    assert [e.variant for e in pdq] == ["original", "inverted", *ALTERATIONS]
    assert {e.threshold for e in pdq} == {40}
    assert all(e.phash for e in pdq)
    exact = {e.algorithm: e.hash for e in entries if e.algorithm not in {Algorithm.PDQ, Algorithm.PHASH}}
    assert exact == digests(file)._asdict()
    assert {(e.entry, e.category) for e in entries} == {("x", "stand-in")}


def test_a_border_of_the_listed_picture_hides_nothing(listed: list[BankHash]) -> None:
    """Listed with its border, posted without."""
    entries = compute_entries("x", "c", encoded(ImageOps.expand(art(20), 50, (0, 0, 0))))
    apart, entry, _, _ = nearest([e for e in entries if e.algorithm is Algorithm.PDQ], encoded(art(20)))
    assert (entry.variant, apart <= 20) == ("trimmed", True)


def test_the_hash_of_the_inverted_picture_is_the_complement() -> None:
    bits, _ = pdqhash.compute(np.asarray(ImageOps.invert(art(1))))
    assert distance(complement(single(art(1))[0]), as_hex(bits)) <= 2


def test_a_flat_picture_is_refused() -> None:
    with pytest.raises(PictureRefused, match="PDQ quality is 0 of 100"):
        compute_entries("x", "c", encoded(Image.new("RGB", (300, 300), (90, 90, 200))))


def test_a_broken_file_is_refused() -> None:
    with pytest.raises(PictureRefused, match="no picture of a known kind"):
        compute_file("x", "c", b"<svg/>")
    with pytest.raises(PictureRefused, match="whole"):
        compute_file("x", "c", encoded(art(1))[:-20_000])


def test_an_oversized_picture_is_refused_before_it_is_decoded() -> None:
    bomb = encoded(Image.new("1", (9_000, 9_000)))
    with pytest.raises(PictureRefused, match="9000 × 9000 pixels"):
        decoded(bomb)


def test_a_video_is_listed_by_its_scenes() -> None:
    file = video(scenes=3, key_every=10)
    entries = compute_file("film", "stand-in", file)
    frames = [e for e in entries if e.algorithm is Algorithm.VPDQ]
    assert {e.algorithm: e.hash for e in entries if e not in frames} == digests(file)._asdict()
    assert [e.variant for e in frames] == ["at 0.0 s", "at 1.0 s", "at 2.0 s"]
    assert {e.threshold for e in frames} == {FRAME_THRESHOLD}
    for number, frame in enumerate(frames):
        assert distance(frame.hash, single(scene(number))[0]) <= FRAME_THRESHOLD


def test_a_video_that_shows_nothing_is_refused() -> None:
    with pytest.raises(PictureRefused, match="no picture of a known kind"):
        compute_file("x", "c", video(scenes=2, key_every=10)[:40])


@pytest.mark.parametrize("kind", ["AVIF", "HEIF", "WEBP", "TIFF"])
def test_a_photograph_is_no_video_in_whatever_format(kind: str) -> None:
    """FFmpeg opens AVIF and HEIF too, as films of one frame: listed so, no picture would ever be met."""
    entries = compute_file("art-0", "stand-in", encoded(art(0), kind))
    (original,) = (one for one in entries if one.algorithm is Algorithm.PDQ and one.variant == "original")
    assert distance(original.hash, single(art(0))[0]) <= 20
    assert Algorithm.VPDQ not in {one.algorithm for one in entries}
