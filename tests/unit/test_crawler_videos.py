"""A video is told by the frames at which its scenes change, in whatever container, however it was encoded."""

import pytest

from services.crawler.pictures.seen import Outcome, Seen
from services.crawler.pictures.watching import look_at_video
from services.crawler.removals.removal import SAME_PICTURE_BITS
from shared.prints.pdq import distance, single
from shared.prints.videos import MAX_FRAMES, SPARSE_S
from tests.support.videos import KINDS, scene, video


def shows(seen: Seen, *scenes: int) -> bool:
    """Whether each of these scenes is among the frames."""
    wanted = [single(scene(number))[0] for number in scenes]
    return all(any(distance(one, frame.pdq) <= SAME_PICTURE_BITS for frame in seen.frames) for one in wanted)


@pytest.mark.parametrize("container", KINDS)
def test_each_scene_gives_a_frame(container: str) -> None:
    seen = look_at_video(video(container, scenes=3, key_every=10), False)
    assert (seen.outcome, seen.width, seen.height, len(seen.frames)) == (Outcome.HASHED, 320, 240, 3)
    assert seen.duration_s == pytest.approx(3.0, abs=0.2)
    assert shows(seen, 0, 1, 2)


def test_a_scene_that_goes_on_is_told_once() -> None:
    assert len(look_at_video(video(scenes=1, seconds=2, key_every=2), False).frames) == 1


def test_a_video_without_key_frames_hides_nothing() -> None:
    no_more = {"x264-params": "scenecut=0:keyint=100000:min-keyint=100000"}
    body = video(scenes=2, seconds=SPARSE_S / 2 + 1, **no_more)
    assert shows(look_at_video(body, False), 0, 1)


def test_of_many_scenes_the_greatest_changes_are_kept() -> None:
    seen = look_at_video(video(scenes=50, seconds=0.2, key_every=2), False)
    assert len(seen.frames) == MAX_FRAMES
    moments = [frame.at_s for frame in seen.frames]
    assert moments == sorted(moments)
    assert moments[-1] > 6.4  # not merely the first ones


def test_a_large_video_has_the_hashes_of_the_small_one() -> None:
    large = look_at_video(video(scenes=1, seconds=0.2, size=(1280, 960)), False)
    assert large.width == 1280
    assert distance(large.frames[0].pdq, single(scene(0, 1280, 960))[0]) <= SAME_PICTURE_BITS / 2


def test_stills_are_given_when_asked_for() -> None:
    body = video(scenes=2, key_every=10)
    assert [still[:2] for still in look_at_video(body, True).stills] == [b"\xff\xd8"] * 2
    assert look_at_video(body, False).stills == ()


@pytest.mark.parametrize("container", ["webm", "matroska", "avi", "mpegts"])
def test_a_video_that_is_cut_off_shows_what_there_is(container: str) -> None:
    body = video(container, scenes=4, key_every=10)
    seen = look_at_video(body[: len(body) * 2 // 3], False)
    assert seen.outcome is Outcome.HASHED
    assert shows(seen, 0)


def test_broken_packets_hide_no_others() -> None:
    body = bytearray(video("matroska", scenes=4, key_every=10))
    middle = len(body) // 2
    body[middle : middle + 500] = b"\xa5" * 500
    assert shows(look_at_video(bytes(body), False), 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0" * 100_000,
        b"<html><body>Log in</body></html>",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>file:///etc/</BaseURL></MPD>',
        b"\x1aE\xdf\xa3" + b"\xff" * 1_000,
        b"\0\0\0\x18ftypmp42" + b"\xff" * 1_000,
    ],
    ids=["empty", "zeros", "page", "hls", "concat", "dash", "matroska", "mp4"],
)
def test_what_is_no_video_has_a_named_outcome(body: bytes) -> None:
    assert look_at_video(body, False).outcome in (Outcome.UNKNOWN, Outcome.MALFORMED)
