"""Parts of a picture are found where they are, at a bounded cost, and hashed as other software hashes them."""

import hashlib
import io

import imagehash
import numpy as np
import pdqhash
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from services.crawler.pictures.decoding import look_at_picture
from shared.events.values import MIN_PDQ_QUALITY
from shared.prints import pdq, views
from shared.prints.boxes import LEAST, Box, inset, small_grey, trimmed
from shared.prints.digests import digests
from shared.prints.phash import phash, phash_dihedral

T = Image.Transpose
# How each of the eight hashes sees the picture: turned back from what `services.classifier.hashes.asked` names.
POSITIONS = (
    None, T.ROTATE_90, T.ROTATE_180, T.ROTATE_270, T.FLIP_TOP_BOTTOM, T.FLIP_LEFT_RIGHT, T.TRANSPOSE, T.TRANSVERSE,
)  # fmt: skip
PAPERS = ((250, 250, 250), (12, 12, 12))


def photo(seed: int = 1, size: tuple[int, int] = (400, 300)) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 255, (14, 14, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def screenshot(picture: Image.Image, paper: tuple[int, int, int]) -> tuple[Image.Image, Box]:
    page = Image.new("RGB", (480, 900), paper)
    draw = ImageDraw.Draw(page)
    ink = tuple(255 - level for level in paper)
    for y in (10, 40, 70, 540, 580, 620, 760):
        draw.text((30, y), "the blue token waits below the second ladder until the bell", ink)
    page.paste(picture, (40, 140))
    return page, Box(40 / 480, 140 / 900, (40 + picture.width) / 480, (140 + picture.height) / 900)


def near(found: Box | None, wanted: Box) -> bool:
    return found is not None and max(abs(one - other) for one, other in zip(found, wanted, strict=True)) <= 0.012


@pytest.mark.parametrize("position", range(8))
def test_both_hashes_see_the_picture_in_the_same_eight_positions(position: int) -> None:
    turn = POSITIONS[position]
    turned = photo() if turn is None else photo().transpose(turn)
    assert pdq.distance(pdq.dihedral(photo())[0][position], pdq.single(turned)[0]) <= 24
    assert pdq.distance(phash_dihedral(photo())[position], str(imagehash.phash(turned))) <= 2


def test_hashes_are_those_of_the_usual_libraries() -> None:
    bits, quality = pdqhash.compute(np.asarray(photo()))
    assert pdq.single(photo()) == (np.packbits(bits.astype(np.uint8)).tobytes().hex(), quality)
    assert phash(photo()) == str(imagehash.phash(photo())) == phash_dihedral(photo())[0]
    assert digests(b"gate seven") == (
        hashlib.sha256(b"gate seven").hexdigest(),
        hashlib.md5(b"gate seven").hexdigest(),
        hashlib.sha1(b"gate seven").hexdigest(),
    )


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("edge", [(20, 20, 20, 20), (0, 90, 0, 90), (120, 0, 120, 0), (10, 0, 60, 30)])
def test_a_border_is_trimmed(paper: tuple[int, int, int], edge: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = edge
    framed = ImageOps.expand(photo(), edge, paper)
    wanted = Box(
        left / framed.width, top / framed.height, 1 - right / framed.width, 1 - bottom / framed.height
    )  # fmt: skip
    assert near(trimmed(small_grey(framed)), wanted)


def test_a_strip_with_words_is_trimmed() -> None:
    strip = Image.new("RGB", (400, 360), (250, 220, 60))
    ImageDraw.Draw(strip).text((20, 20), "THE LANTERN PARCEL", (0, 0, 0), font_size=22)
    strip.paste(photo(), (0, 60))
    assert near(trimmed(small_grey(strip)), Box(0, 60 / 360, 1, 1))


@pytest.mark.parametrize("paper", PAPERS)
def test_the_picture_in_a_screenshot_is_found(paper: tuple[int, int, int]) -> None:
    page, box = screenshot(photo(), paper)
    assert near(inset(small_grey(page)), box)
    found = {view.name: view for view in views.views(page)}
    parts = [found[name] for name in ("trimmed", "inset") if name in found]
    assert min(pdq.distance(part.pdq[0], pdq.single(photo())[0]) for part in parts) <= 31
    assert all(len(part.pdq) == len(part.phash) == 8 for part in parts)


def test_an_ordinary_picture_has_its_quarters_and_no_other_part() -> None:
    seen = look_at_picture(_png(photo()))
    assert [view.name for view in seen.views] == [f"quadrant-{number}" for number in (1, 2, 3, 4)]
    corner = photo().crop((200, 0, 400, 150))
    assert seen.views[1].pdq == (pdq.single(corner)[0],)
    assert seen.views[1].phash == (phash(corner),)


@pytest.mark.parametrize(
    "flat", [Image.new("L", (300, 200), 90), Image.new("RGB", (5, 5)), Image.new("RGB", (5, 9_000))]
)
def test_a_flat_picture_has_no_parts(flat: Image.Image) -> None:
    assert views.views(flat) == ()


@settings(max_examples=25)
@given(
    st.integers(5, 700), st.integers(5, 700), st.binary(max_size=600),
    st.sampled_from(("L", "RGB", "RGBA", "P", "1", "CMYK", "I;16")),
)  # fmt: skip
def test_views_never_fail_and_are_always_evidence(width: int, height: int, noise: bytes, mode: str) -> None:
    grey = np.resize(np.frombuffer(noise or b"\0", np.uint8), (max(1, height // 9), max(1, width // 9)))
    image = Image.fromarray(grey).resize((width, height)).convert("L").convert(mode if mode != "I;16" else "I")
    for view in views.views(image):
        assert view.pdq_quality >= MIN_PDQ_QUALITY
        assert len(view.pdq) == len(view.phash) in (1, 8)
    for box in (trimmed(small_grey(image)), inset(small_grey(image))):
        assert box is None or (box.area >= LEAST and 0 <= min(box) <= max(box) <= 1)


def test_parts_cost_no_more_however_large_the_picture_is(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []
    for name in ("single", "dihedral"):

        def counting(image: Image.Image, compute: object = getattr(views, name)) -> object:
            hashed.append(image.width * image.height)
            return compute(image)

        monkeypatch.setattr(views, name, counting)
    large, _ = screenshot(photo(), PAPERS[0])
    for size in ((5_000, 9_000), (1_900, 2_000)):
        hashed.clear()
        views.views(large.resize(size))
        assert 0 < sum(hashed) <= 3 * views.MOST_PIXELS


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
