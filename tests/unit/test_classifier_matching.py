"""What agrees with what: turned, cut, flat, in a collage, in a video; and what is harmless after all."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
import pytest

from services.classifier.hashes.asked import TURNS, asked_of
from services.classifier.hashes.entries import OCTETS, Algorithm
from services.classifier.hashes.matching import Hit, Matched, listed_videos, matched
from services.classifier.hashes.reading import Label, Rows, record
from services.classifier.hashes.search import Indexes
from shared.events.values import Picture, Video
from tests.support.banks import flipped

RNG = np.random.default_rng(5)
HASH, OTHER, THIRD = (RNG.bytes(32) for _ in range(3))
FILE = bytes.fromhex("ab" * 32)
URL = "http://board.test/a.jpg"


def label(hash_: bytes = HASH, entry: str = "k", algorithm: Algorithm = Algorithm.PDQ, **more: object) -> Label:
    values: dict[str, object] = {
        "bank": "own", "entry": entry, "category": "c", "algorithm": algorithm, "hash": hash_, "variant": "original",
        "threshold": 31, "phash": None, "source": "agency", "harmless": False, **more,
    }  # fmt: skip
    return Label(**values)  # type: ignore[arg-type]  # as given above


def picture(*turns: bytes, quality: int | None = 100, sha256: bytes = bytes(32), **more: object) -> Picture:
    hashes = tuple(one.hex() for one in turns)
    values = {"url": URL, "sha256": sha256.hex(), "bytes": 1, "pdq_dihedral": hashes, "pdq_quality": quality, **more}
    return Picture.model_validate(values)


def view(name: str, *turns: bytes, quality: int = 100) -> dict[str, object]:
    return {"name": name, "pdq": tuple(one.hex() for one in turns), "pdq_quality": quality}


def video(*hashes: bytes, quality: int = 100) -> Video:
    frames = [{"at_s": float(place), "pdq": one.hex(), "pdq_quality": quality} for place, one in enumerate(hashes)]
    return Video.model_validate({"url": URL, "sha256": "00" * 32, "bytes": 1, "frames": frames})


def match(listed: list[Label], *seen: Picture | Video, frames: Mapping[tuple[str, str], int] | None = None) -> Matched:
    """As the bank does it, with the table in `listed`: the labels' places are their numbers."""
    indexes = Indexes()
    for number, one in enumerate(listed):
        packed = struct.pack(">qqh", 1, number, one.threshold) + one.hash
        indexes.take(Rows(one.algorithm, True, np.frombuffer(packed, record(one.algorithm))))
    asked = asked_of([one for one in seen if isinstance(one, Picture)], [one for one in seen if isinstance(one, Video)])
    found = list(zip(asked, indexes.search(asked), strict=True))
    labels = dict(enumerate(listed))
    assert set(frames or {}) <= listed_videos(found, labels)
    return matched(found, labels, frames or {})


def entries(answer: Matched) -> tuple[list[str], list[str]]:
    return [one.entry for one in answer.matches], [one.entry for one in answer.harmless]


@pytest.mark.parametrize("turn", range(8))
def test_a_turned_picture_is_found_and_its_position_named(turn: int) -> None:
    hashes = [OTHER] * 8
    hashes[turn] = flipped(HASH, 2)
    (one,) = match([label()], picture(*hashes)).matches
    assert (one.distance, one.variant, one.entry, one.second) == (2, TURNS[turn], "k", None)


def test_a_flat_picture_is_no_evidence() -> None:
    assert match([label()], picture(HASH, quality=49)) == Matched()
    assert match([label()], picture(HASH, quality=None)) == Matched()
    assert match([label()], picture(HASH, quality=50)).matches


@pytest.mark.parametrize("algorithm", [Algorithm.SHA256, Algorithm.SHA1, Algorithm.MD5])
def test_an_equal_file_is_found_even_when_it_is_flat(algorithm: Algorithm) -> None:
    digest = FILE[: OCTETS[algorithm]]
    more = {"sha256": FILE, "sha1": FILE[:20].hex(), "md5": FILE[:16].hex()}
    (one,) = match([label(digest, algorithm=algorithm, threshold=0)], picture(quality=None, **more)).matches  # type: ignore[arg-type]  # as pydantic reads it
    assert (one.algorithm, one.distance) == (algorithm, 0)


def test_a_digest_that_only_begins_alike_is_another_file() -> None:
    assert match([label(FILE[:8] + bytes(24), algorithm=Algorithm.SHA256)], picture(sha256=FILE)) == Matched()


def test_each_hash_has_its_own_threshold() -> None:
    listed = [label(entry="narrow", threshold=10), label(entry="wide", threshold=20)]
    assert entries(match(listed, picture(flipped(HASH, 15))))[0] == ["wide"]
    assert entries(match(listed, picture(flipped(HASH, 21))))[0] == []


def test_an_entry_is_told_once_by_its_nearest_variant_and_other_entries_too() -> None:
    listed = [label(flipped(HASH, 3)), label(variant="centre-10"), label(OTHER, "other"), label(bank="second")]
    matches = match(listed, picture(HASH)).matches
    assert [(one.bank, one.entry, one.variant) for one in matches] == [
        ("second", "k", "original"),
        ("own", "k", "centre-10"),
    ]


def test_a_hash_that_is_listed_very_often_is_told_so_often_as_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.classifier.hashes.matching.MOST_MATCHES", 2)
    listed = [label(flipped(HASH, bits), f"k{bits}") for bits in (9, 3, 1)]
    assert entries(match(listed, picture(HASH))) == (["k1", "k3"], [])


def test_a_part_is_matched_by_itself_and_named() -> None:
    listed = [label(variant="centre-10")]
    inset = view("inset", OTHER, flipped(HASH, 4))
    (one,) = match(listed, picture(OTHER, views=[inset])).matches
    assert one.variant == "centre-10, inset, rotate90"
    assert match(listed, picture(OTHER, views=[view("inset", HASH, quality=49)])) == Matched()


def test_a_frame_of_an_animation_is_matched() -> None:
    frame = {"at_s": 1.5, "pdq": HASH.hex(), "pdq_quality": 80}
    (one,) = match([label()], picture(OTHER, frames=[frame])).matches
    assert one.variant == "at 1.5 s"


def test_phash_finds_too_and_says_by_how_many_of_its_bits() -> None:
    listed = [label(HASH[:8], algorithm=Algorithm.PHASH, threshold=5)]
    near = picture(OTHER, phash_dihedral=("00" * 8, flipped(HASH[:8], 4).hex()))
    (one,) = match(listed, near).matches
    assert (one.algorithm, one.distance, one.variant) == ("phash", 4, "rotate90")


def test_a_second_hash_of_the_same_part_and_turn_is_compared() -> None:
    listed = [label(phash=HASH[:8])]
    turned = picture(OTHER, HASH, phash_dihedral=("00" * 8, flipped(HASH[:8], 9).hex()))
    assert match(listed, turned).matches[0].second == 9
    part = {**view("inset", HASH), "phash": (flipped(HASH[:8], 3).hex(),)}
    assert match(listed, picture(OTHER, views=[part])).matches[0].second == 3


HARMLESS = {"bank": "harmless", "harmless": True}


def test_a_picture_that_is_nearer_to_a_harmless_hash_is_no_match() -> None:
    listed = [label(), label(flipped(HASH, 20), "poster", **HARMLESS)]
    assert entries(match(listed, picture(flipped(HASH, 18)))) == ([], ["poster"])
    assert entries(match(listed, picture(flipped(HASH, 2)))) == (["k"], [])


def test_as_near_to_both_is_told_of_both() -> None:
    assert entries(match([label(), label(entry="poster", **HARMLESS)], picture(HASH))) == (["k"], ["poster"])


def test_a_harmless_neighbour_in_a_collage_hides_nothing() -> None:
    listed = [label(), label(OTHER, "poster", **HARMLESS)]
    collage = picture(THIRD, views=[view("quadrant-1", OTHER), view("quadrant-2", flipped(HASH, 9))])
    assert entries(match(listed, collage)) == (["k"], ["poster"])


def test_a_file_that_is_listed_as_harmless_is_harmless_as_a_whole() -> None:
    file = label(FILE, "file", Algorithm.SHA256, threshold=0, **HARMLESS)
    seen = picture(HASH, sha256=FILE, views=[view("inset", HASH)])
    assert entries(match([label(), file], seen)) == ([], ["file"])
    by_md5 = label(FILE[:16], "file", Algorithm.MD5, threshold=0, **HARMLESS)
    forged = picture(HASH, md5=FILE[:16].hex())
    assert entries(match([label(), by_md5], forged)) == (["k"], ["file"])
    known = label(FILE, "same", Algorithm.SHA256, threshold=0)
    assert "same" in entries(match([known, file], seen))[0]


FRAMES = [RNG.bytes(32) for _ in range(8)]
FILM = [label(one, "film", Algorithm.VPDQ, variant=f"at {place}.0 s") for place, one in enumerate(FRAMES)]
ALL = {("own", "film"): 8}


def test_a_video_is_matched_by_the_share_of_its_frames() -> None:
    copied = video(*(flipped(one, 6) for one in FRAMES[:6]), OTHER)
    (one,) = match(FILM, copied, frames=ALL).matches
    assert (one.algorithm, one.entry, one.share, one.distance) == ("vpdq", "film", 0.75, 6)


def test_a_few_common_frames_make_no_match() -> None:
    few_of_the_listed = video(*FRAMES[:3])
    few_of_the_seen = video(*FRAMES[:5], *(RNG.bytes(32) for _ in range(6)))
    assert match(FILM, few_of_the_listed, frames=ALL) == Matched()
    assert match(FILM, few_of_the_seen, frames=ALL) == Matched()
    assert match(FILM, video(*FRAMES, quality=49)) == Matched()


def test_a_still_of_a_listed_video_and_a_frame_that_is_a_listed_picture_are_matches() -> None:
    (still,) = match(FILM, picture(FRAMES[3])).matches
    assert (still.algorithm, still.variant, still.share) == ("vpdq", "at 3.0 s", None)
    (frame,) = match([label()], video(OTHER, HASH)).matches
    assert (frame.algorithm, frame.variant) == ("pdq", "at 1.0 s")


def test_nearest_comes_first_over_all_pictures_of_a_finding() -> None:
    listed = [label(threshold=31), label(OTHER, "other"), label(FILE, "file", Algorithm.SHA256, threshold=0)]
    seen = [picture(flipped(HASH, 9)), picture(flipped(OTHER, 3)), picture(quality=None, sha256=FILE)]
    assert entries(match(listed, *seen))[0] == ["file", "other", "k"]


def test_what_the_table_says_at_the_moment_counts_not_what_the_index_still_has() -> None:
    hit = [(asked_of([picture(HASH)], [])[0], [Hit(0, 9)])]
    assert matched(hit, {0: label(threshold=9)}, {}).matches
    assert matched(hit, {0: label(threshold=8)}, {}) == Matched()
    assert matched(hit, {}, {}) == Matched()
