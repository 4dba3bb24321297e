"""By which hashes a picture or a video is looked up. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from services.classifier.hashes.entries import ORIGINAL
from shared.events.values import MIN_PDQ_QUALITY, Frame, Picture, Video

# How a picture is turned against the listed one, in the order of `pdq_dihedral`. Rotations are clockwise.
TURNS = (ORIGINAL, "rotate90", "rotate180", "rotate270", "upside-down", "mirrored", "transposed", "transversed")


class Look(NamedTuple):
    """One hash. `view`: of what part or frame; `turn`: how that is turned; `phash`: beside a PDQ hash, of the same."""

    hash: bytes
    view: str
    turn: str
    phash: bytes = b""


@dataclass(frozen=True)
class Asked:
    """One picture or video. `digests`: of the file, SHA-256 first. `frames_at_s`: of a video, the moment of each hash
    of `pdq`; None for a picture."""

    url: str
    pdq: tuple[Look, ...]
    phash: tuple[Look, ...]
    digests: tuple[bytes, ...]
    frames_at_s: tuple[float, ...] | None = None


def asked_of(pictures: Sequence[Picture], videos: Sequence[Video]) -> list[Asked]:
    """Of a finding's pictures, then of its videos (with their frames)."""
    return [*map(_of_picture, pictures), *map(_of_video, videos)]


def _of_picture(picture: Picture) -> Asked:
    clear = picture.pdq_quality is not None and picture.pdq_quality >= MIN_PDQ_QUALITY
    pdq = [*_turned(picture.pdq_dihedral, ORIGINAL, picture.phash_dihedral)] if clear else []
    for view in picture.views:
        if view.pdq_quality >= MIN_PDQ_QUALITY:
            pdq += _turned(view.pdq, view.name, view.phash)
    pdq += [Look(bytes.fromhex(frame.pdq), at(frame.at_s), ORIGINAL) for frame in _clear(picture.frames)]
    phash = _turned(picture.phash_dihedral, ORIGINAL) if clear else ()
    return Asked(picture.url, tuple(pdq), tuple(phash), _digests(picture))


def _of_video(video: Video) -> Asked:
    frames = _clear(video.frames)
    pdq = tuple(Look(bytes.fromhex(frame.pdq), at(frame.at_s), ORIGINAL) for frame in frames)
    return Asked(video.url, pdq, (), _digests(video), tuple(frame.at_s for frame in frames))


def at(seconds: float) -> str:
    return f"at {seconds:.1f} s"


def _turned(hashes: Sequence[str], view: str, beside: Sequence[str] = ()) -> Iterator[Look]:
    for digest, turn, phash in zip_longest(hashes, TURNS, beside, fillvalue=""):
        if digest and turn:
            yield Look(bytes.fromhex(digest), view, turn, bytes.fromhex(phash))


def _clear(frames: Sequence[Frame]) -> list[Frame]:
    """Flat frames (black, faded) are alike in all videos."""
    return [frame for frame in frames if frame.pdq_quality >= MIN_PDQ_QUALITY]


def _digests(file: Picture | Video) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(digest) for digest in (file.sha256, file.sha1, file.md5) if digest)
