"""Every format that browsers show is hashed; what only calls itself a picture has an outcome, and breaks nothing."""

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from services.crawler.pictures.decoding import MAX_DECODED, MAX_FRAMES, look_at_picture
from services.crawler.pictures.seen import Outcome
from services.crawler.removals.removal import SAME_PICTURE_BITS
from shared.prints.pdq import distance
from tests.support.findings import picture_file
from tests.support.videos import scene

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "AVIF", "HEIF")
SIGNATURE = b"\x89PNG\r\n\x1a\n"
ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def animation(form: str, *scenes: int, size: tuple[int, int] = (160, 120)) -> bytes:
    first, *further = (scene(number, *size) for number in scenes)
    return encoded(first, form, save_all=True, append_images=further, duration=200)


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    head = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return SIGNATURE + b"".join(chunk(*one) for one in (head, *chunks, (b"IEND", b"")))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(picture: bytes, kind: bytes, data: bytes) -> bytes:
    """The chunk after the header."""
    return picture[:33] + chunk(kind, data) + picture[33:]


def text_bomb() -> tuple[bytes, bytes]:
    """Of 100 KB, that unpacks to 100 MB."""
    return b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 100_000_000)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_of_browsers_has_the_hash_of_the_picture(form: str) -> None:
    seen = look_at_picture(encoded(scene(1), form))
    assert (seen.outcome, seen.width, seen.height, len(seen.pdq_dihedral)) == (Outcome.HASHED, 320, 240, 8)
    plain = look_at_picture(encoded(scene(1), "PNG"))
    assert distance(seen.pdq_dihedral[0], plain.pdq_dihedral[0]) <= SAME_PICTURE_BITS / 2


@pytest.mark.parametrize("form", ANIMATED)
def test_an_animation_has_a_hash_for_each_scene(form: str) -> None:
    seen = look_at_picture(animation(form, 1, 1, 2, 2, 3))
    assert [frame.at_s for frame in seen.frames] == pytest.approx([0.4, 0.8])
    for number, frame in zip((2, 3), seen.frames, strict=True):
        alone = look_at_picture(encoded(scene(number, 160, 120), "PNG"))
        assert distance(frame.pdq, alone.pdq_dihedral[0]) <= SAME_PICTURE_BITS


def test_of_many_scenes_a_few_are_kept_and_of_many_frames_the_first_decoded() -> None:
    many = look_at_picture(animation("GIF", *range(40), size=(32, 24)))
    assert len(many.frames) == MAX_FRAMES
    frame = encoded(Image.new("L", (16, 16)), "GIF")
    head, body = frame[: frame.index(b"\x2c", 13)], frame[frame.index(b"\x2c", 13) : -1]
    assert look_at_picture(head + body * 100_000 + b";").outcome is Outcome.HASHED
    assert MAX_DECODED < 1_000


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP"])
def test_a_picture_that_is_cut_off_is_hashed_as_far_as_it_goes(form: str) -> None:
    whole = encoded(Image.open(io.BytesIO(picture_file())), form)
    seen = look_at_picture(whole[: len(whole) * 98 // 100])
    assert seen.outcome is Outcome.DAMAGED
    assert distance(seen.pdq_dihedral[0], look_at_picture(whole).pdq_dihedral[0]) <= SAME_PICTURE_BITS


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"", Outcome.UNKNOWN),
        (b"<html><body>Log in</body></html>", Outcome.UNKNOWN),
        (b"GIF89a<script>1</script>", Outcome.UNKNOWN),
        (SIGNATURE + b"\0" * 100, Outcome.UNKNOWN),
        (b"\xff\xd8\xff\xe0" + b"\xff" * 10_000, Outcome.MALFORMED),
        (png(30_000, 30_000, (b"IDAT", zlib.compress(b"\0" * 1_000))), Outcome.TOO_LARGE),
        (png(2**31 - 1, 2**31 - 1), Outcome.TOO_LARGE),
        (png(64, 64, (b"IDAT", b"no zlib")), Outcome.DAMAGED),
        (png(3, 3, (b"IDAT", zlib.compress(b"\0" * 30))), Outcome.TOO_SMALL),
        (encoded(scene(1), "TIFF"), Outcome.UNKNOWN),
    ],
    ids=["empty", "page", "polyglot", "zeros", "markers", "bomb", "largest", "packed", "small", "tiff"],
)
def test_what_is_no_sound_picture_has_a_named_outcome(body: bytes, outcome: Outcome) -> None:
    assert look_at_picture(body).outcome is outcome


def test_metadata_neither_hides_nor_swells_a_picture() -> None:
    plain = look_at_picture(encoded(scene(1), "JPEG"))
    for extra in ({"icc_profile": b"\0" * 1_000_000}, {"exif": b"Exif\0\0MM\0*" + b"\xff" * 60_000}):
        assert look_at_picture(encoded(scene(1), "JPEG", **extra)).pdq_dihedral == plain.pdq_dihedral
    assert look_at_picture(with_chunk(encoded(scene(1), "PNG"), *text_bomb())).pdq_quality == 100
    assert look_at_picture(encoded(scene(1), "JPEG") + b"PK\3\4 <script>").pdq_dihedral == plain.pdq_dihedral


SMALL = {form: encoded(scene(1, 32, 24), form) for form in FORMATS}


@settings(max_examples=150)
@given(st.sampled_from(FORMATS), st.data())
def test_damage_anywhere_is_survived(form: str, data: st.DataObject) -> None:
    body = bytearray(SMALL[form])
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255)), max_size=8)):
        body[place] = value
    assert look_at_picture(bytes(body)).outcome in Outcome
