"""What decoding brought to light of a picture or a video. Values only: a guarded child makes them."""

from dataclasses import dataclass
from enum import StrEnum

from shared.events.values import Frame, Picture, PictureView, Video
from shared.prints.digests import Digests


class Outcome(StrEnum):
    HASHED = "hashed"
    DAMAGED = "damaged"  # hashed as far as it goes: browsers show it too
    TOO_SMALL = "too_small"  # PDQ has nothing to say about it
    TOO_LARGE = "too_large"  # more pixels than any photograph: a bomb
    MALFORMED = "malformed"  # begins as its format does, and cannot be decoded
    UNKNOWN = "unknown"  # in none of the formats that browsers show
    NO_FRAMES = "no_frames"  # a video whose pictures cannot be decoded
    TIME = "time"  # killed at its limit of time
    MEMORY = "memory"  # … of memory
    CRASH = "crash"  # the decoder crashed


@dataclass(frozen=True)
class Seen:
    """`frames`: of a picture the further ones, of a video all that were chosen. `stills`: these as JPEG, if asked."""

    outcome: Outcome
    width: int | None = None
    height: int | None = None
    pdq_dihedral: tuple[str, ...] = ()
    pdq_quality: int | None = None
    frames: tuple[Frame, ...] = ()
    duration_s: float | None = None
    stills: tuple[bytes, ...] = ()
    phash_dihedral: tuple[str, ...] = ()
    views: tuple[PictureView, ...] = ()


def picture_of(url: str, named: Digests, size: int, seen: Seen) -> Picture:
    return Picture(
        url=url,
        sha256=named.sha256,
        md5=named.md5,
        sha1=named.sha1,
        bytes=size,
        width=seen.width,
        height=seen.height,
        pdq_dihedral=seen.pdq_dihedral,
        pdq_quality=seen.pdq_quality,
        frames=seen.frames,
        views=seen.views,
        phash_dihedral=seen.phash_dihedral,
    )


def video_of(url: str, named: Digests, size: int, seen: Seen, *, cut: bool) -> Video:
    return Video(
        url=url,
        sha256=named.sha256,
        md5=named.md5,
        sha1=named.sha1,
        bytes=size,
        duration_s=seen.duration_s,
        width=seen.width,
        height=seen.height,
        frames=seen.frames,
        cut=cut,
    )
