"""A video's bytes → the hashes of the frames at which its scenes change (pure; hostile input: for guarded children).

Only key frames are decoded at first: they are whole pictures, and encoders put one at every cut. A video with hardly
any is decoded from end to end.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import av
import av.error
import av.logging
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from shared.events.values import Frame
from shared.prints.pdq import MAX_PIXELS, MIN_SIDE, single
from shared.prints.scenes import Scenes

# By the names of FFmpeg's demuxers. None that opens further addresses (hls, dash, concat) is among them.
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,ogg,asf"
OPTIONS = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none", "max_pixels": str(MAX_PIXELS)}
MAX_FRAMES = 32
HASHED_SIDE = 512  # pixels; a frame is hashed at this size: in 4 ms instead of the 25 of a screen's
STILL_QUALITY = 80
MAX_DECODED_PIXELS = 4_000_000_000  # 2,000 frames of a screen: about 10 seconds of work. What comes later is not seen.
SPARSE_S = 20.0  # encoders put a key frame in every ten seconds at least; one that does not may hide what is between
LOOKED_AT_S = 0.5  # of a video that is decoded from end to end, one frame in so many seconds is looked at

av.logging.set_level(None)


class NoVideo(Exception):
    """It is no container of a known kind, or has no stream of pictures."""


def scenes_of(body: bytes, stills: bool) -> "Film":
    """`stills`: give the chosen frames as JPEG too. Raises `NoVideo` and, since a decoder fails on hostile input in any
    way it likes, anything else."""
    try:
        film = _look(body, stills, key_frames=True)
        if film.last_s > SPARSE_S * max(1, film.looked_at):
            film = _look(body, stills, key_frames=False)
    except (av.error.InvalidDataError, av.error.ArgumentError) as error:  # the second: of a kind that is not allowed
        raise NoVideo from error
    return film


@dataclass
class Film:
    """What one pass over a video saw. `last_s`: the latest moment of its packets, whatever its header claims."""

    scenes: Scenes[tuple[Frame, bytes]]
    width: int
    height: int
    looked_at: int = 0
    last_s: float = 0.0
    left: int = MAX_DECODED_PIXELS

    @property
    def frames(self) -> tuple[Frame, ...]:
        return tuple(frame for frame, _ in self.scenes.kept)

    @property
    def stills(self) -> tuple[bytes, ...]:
        return tuple(still for _, still in self.scenes.kept if still)


def _look(body: bytes, stills: bool, *, key_frames: bool) -> Film:
    with av.open(io.BytesIO(body), "r", options=OPTIONS, io_open=_nothing_else) as container:
        stream = container.streams.best("video")
        if not isinstance(stream, VideoStream):
            raise NoVideo
        film = Film(Scenes(MAX_FRAMES), stream.width, stream.height)
        if min(film.width, film.height) < MIN_SIDE or film.width * film.height > MAX_PIXELS:
            return film
        stream.codec_context.thread_count = 1
        if key_frames:
            stream.codec_context.skip_frame = "NONKEY"
        next_s = 0.0
        for at_s, frame in _decoded(container, stream, film):
            if key_frames or at_s >= next_s:
                next_s = at_s + LOOKED_AT_S
                film.looked_at += 1
                _consider(at_s, frame, film.scenes, stills)
        return film


def _nothing_else(url: str, flags: int, options: dict[str, str]) -> object:
    raise PermissionError("a video may not open anything beside itself")


def _decoded(container: InputContainer, stream: VideoStream, film: Film) -> Iterator[tuple[float, VideoFrame]]:
    """Each frame that can be decoded, with its moment in seconds, until the work is too much."""
    packets = container.demux(stream)
    while film.left > 0:
        try:
            packet = next(packets)
            if packet.pts is not None and packet.time_base is not None:
                film.last_s = max(film.last_s, float(packet.pts * packet.time_base))
            frames = packet.decode()
        except StopIteration:
            return
        except av.error.InvalidDataError:  # a broken packet hides no other
            film.left -= film.width * film.height
            continue
        except av.error.FFmpegError:  # cut off
            return
        for frame in frames:
            if isinstance(frame, VideoFrame):
                film.left -= frame.width * frame.height
                yield max(0.0, frame.time or 0.0), frame


def _consider(at_s: float, frame: VideoFrame, scenes: Scenes[tuple[Frame, bytes]], stills: bool) -> None:
    shown = _upright(frame)
    if min(shown.size) >= MIN_SIDE and scenes.wants(shown):
        pdq, quality = single(shown)
        scenes.keep((Frame(at_s=at_s, pdq=pdq, pdq_quality=quality), _jpeg(shown) if stills else b""))


def _upright(frame: VideoFrame) -> Image.Image:
    """As a player shows it: telephones store what they film lying on its side, with a note."""
    scale = min(1.0, HASHED_SIDE / max(frame.width, frame.height))
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    image = Image.fromarray(frame.reformat(width, height, "rgb24", threads=1).to_ndarray())
    return image.rotate(frame.rotation, expand=True) if frame.rotation % 90 == 0 and frame.rotation else image


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=STILL_QUALITY)
    return out.getvalue()
