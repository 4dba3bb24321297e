"""From a picture file to the rows that find its re-uploads."""

import hashlib
import io

import numpy as np
import pdqhash
import pytest
from PIL import Image, ImageOps

from services.classifier.hashes.bank import TURNS, BankRow, HashBank
from services.classifier.hashes.variants import CROPS, OWN_THRESHOLD, PictureRefused, compute_entries, decoded
from shared.events.values import Picture


def art(seed: int) -> Image.Image:
    """A patchwork of soft colours: as rich as a photograph to a perceptual hash."""
    small = (np.random.default_rng(seed).random((9, 9, 3)) * 255).astype(np.uint8)
    return Image.fromarray(small).resize((400, 300), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "PNG", **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def seen(data: bytes) -> Picture:
    """As the crawler reports it."""
    hashes, quality = pdqhash.compute_dihedral(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    return Picture(
        url="http://a.test/1",
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        pdq_dihedral=tuple(np.packbits(bits.astype(np.uint8)).tobytes().hex() for bits in hashes),
        pdq_quality=int(quality),
    )


@pytest.fixture(scope="module")
def bank() -> HashBank:
    made = HashBank()
    for seed in range(3):
        made.add([
            BankRow("own", e.entry, e.category, e.algorithm, bytes.fromhex(e.hash), e.variant, e.threshold)
            for e in compute_entries(f"art-{seed}", "stand-in", encoded(art(seed)))
        ])  # fmt: skip
    return made


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = image.size
    return image.crop((int(width * left), int(height * top), int(width * (1 - right)), int(height * (1 - bottom))))


REUPLOADS = {
    "recompressed": lambda im: encoded(im, "JPEG", quality=20),
    "halved": lambda im: encoded(im.resize((200, 150))),
    "centre 7 %": lambda im: encoded(cropped(im, *[0.035] * 4), "JPEG"),
    "centre 30 %": lambda im: encoded(cropped(im, *[0.15] * 4)),
    "left edge": lambda im: encoded(cropped(im, 0.2, 0, 0, 0)),
    "bottom edge": lambda im: encoded(cropped(im, 0, 0, 0, 0.1)),
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
def test_reuploads_are_found(bank: HashBank, change: str) -> None:
    for seed in range(3):
        (match,) = bank.match(seen(REUPLOADS[change](art(seed))))
        assert match.entry == f"art-{seed}"
        if change in TURNS:
            assert match.variant == change


def test_the_same_file_is_found_by_its_digest(bank: HashBank) -> None:
    (match,) = bank.match(seen(encoded(art(1))))
    assert (match.entry, match.algorithm) == ("art-1", "sha256")


def test_other_pictures_are_not_found(bank: HashBank) -> None:
    assert [bank.match(seen(encoded(art(seed)))) for seed in range(10, 25)] == [[]] * 15


def test_the_entries_of_a_picture() -> None:
    entries = compute_entries("x", "stand-in", encoded(art(1)), 40)
    assert [e.variant for e in entries if e.algorithm == "pdq"] == ["original", *CROPS]
    assert {e.threshold for e in entries if e.algorithm == "pdq"} == {40}
    assert {e.entry for e in entries} == {"x"}
    assert OWN_THRESHOLD == 45


def test_a_flat_picture_is_refused() -> None:
    with pytest.raises(PictureRefused, match="PDQ quality is 0 of 100"):
        compute_entries("x", "c", encoded(Image.new("RGB", (300, 300), (90, 90, 200))))


def test_a_broken_file_is_refused() -> None:
    with pytest.raises(PictureRefused, match="no picture of a known kind"):
        compute_entries("x", "c", b"<svg/>")
    with pytest.raises(PictureRefused, match="whole"):
        compute_entries("x", "c", encoded(art(1))[:-20_000])


def test_an_oversized_picture_is_refused_before_it_is_decoded() -> None:
    bomb = encoded(Image.new("1", (9_000, 9_000)))
    with pytest.raises(PictureRefused, match="9000 × 9000 pixels"):
        decoded(bomb)
