"""From hits of the index to matches: what agrees with what, and what is harmless. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from services.classifier.hashes.asked import Asked
from services.classifier.hashes.entries import DIGESTS, OCTETS, ORIGINAL, Algorithm
from services.classifier.hashes.reading import Label, Labels
from shared.events.values import Match

# vPDQ: so many of a listed video's frames must be seen, and so many of the seen video's frames be listed ones. Less is
# what unrelated videos share too: an opening, a logo. (Flat frames are never asked for.)
VIDEO_SHARE = 0.5
MOST_MATCHES = 1_000  # of a picture, the nearest: they are stored with what was seen


class Hit(NamedTuple):
    """What the index answered for one hash of one `Asked`. `view`, `turn`, `phash`: of its `Look`."""

    number: int
    distance: int
    view: str = ORIGINAL
    turn: str = ORIGINAL
    phash: bytes = b""


class Matched(NamedTuple):
    """Of one finding, nearest first. `harmless`: agreements with negative banks that no known hash is nearer than."""

    matches: tuple[Match, ...] = ()
    harmless: tuple[Match, ...] = ()


class _Agreement(NamedTuple):
    match: Match
    view: str
    harmless: bool

    @property
    def rank(self) -> tuple[float, bool]:
        """Nearest first; an equal file comes before an equal hash."""
        bits = 8 * OCTETS[Algorithm(self.match.algorithm)]
        return self.match.distance / bits, self.match.algorithm not in DIGESTS


VideoFrames = Mapping[tuple[str, str], int]  # how many frames are listed, by bank and entry


def matched(found: Sequence[tuple[Asked, Sequence[Hit]]], labels: Labels, frames: VideoFrames) -> Matched:
    """Of one finding: its pictures and videos with their hits. Hits that have no label do not count any more."""
    known: list[_Agreement] = []
    harmless: list[_Agreement] = []
    for asked, hits in found:
        agreements = [*_agreements(asked, hits, labels), *_videos(asked, hits, labels, frames)]
        mine, negative = _told_apart(agreements)
        known += mine
        harmless += negative
    return Matched(_best(known), _best(harmless))


def listed_videos(found: Iterable[tuple[Asked, Sequence[Hit]]], labels: Labels) -> set[tuple[str, str]]:
    """Whose number of frames has to be known."""
    return {
        (label.bank, label.entry)
        for asked, hits in found
        if asked.frames_at_s is not None
        for label in (labels.get(hit.number) for hit in hits)
        if label and label.algorithm is Algorithm.VPDQ
    }


def described(variant: str, *ways: str) -> str:
    """The listed variant (a crop, say), what part of the picture agrees and how it is turned: "centre-10, mirrored"."""
    return ", ".join(part for part in (variant, *ways) if part != ORIGINAL) or ORIGINAL


def _agreements(asked: Asked, hits: Iterable[Hit], labels: Labels) -> Iterable[_Agreement]:
    """All but frames of a video against frames of a video."""
    for hit in hits:
        label = labels.get(hit.number)
        if label is None or hit.distance > label.threshold:
            continue
        if label.algorithm in DIGESTS:
            if label.hash in asked.digests:
                yield _agreement(asked, label, hit, "same file")
        elif label.algorithm is not Algorithm.VPDQ or asked.frames_at_s is None:
            yield _agreement(asked, label, hit, hit.view)


def _agreement(asked: Asked, label: Label, hit: Hit, view: str, share: float | None = None) -> _Agreement:
    match = Match(
        picture_url=asked.url,
        bank=label.bank,
        entry=label.entry,
        algorithm=label.algorithm.value,
        distance=hit.distance,
        variant=described(label.variant, hit.view, hit.turn),
        hash=label.hash.hex(),
        category=label.category,
        source=label.source,
        share=share,
        second=_second(label, hit),
    )
    return _Agreement(match, view, label.harmless)


def _second(label: Label, hit: Hit) -> int | None:
    """Differing bits of the pHashes beside the PDQ hashes that agree; None where there is nothing to compare."""
    if label.algorithm is not Algorithm.PDQ or not label.phash or not hit.phash:
        return None
    return (int.from_bytes(label.phash) ^ int.from_bytes(hit.phash)).bit_count()


def _videos(asked: Asked, hits: Iterable[Hit], labels: Labels, frames: VideoFrames) -> Iterable[_Agreement]:
    if not asked.frames_at_s:
        return
    of_video: dict[tuple[str, str], list[tuple[Hit, Label]]] = {}
    for hit in hits:
        label = labels.get(hit.number)
        if label and label.algorithm is Algorithm.VPDQ and hit.distance <= label.threshold:
            of_video.setdefault((label.bank, label.entry), []).append((hit, label))
    for video, agreeing in of_video.items():
        listed = len({hit.number for hit, _ in agreeing}) / max(frames.get(video, 0), 1)
        seen = len({hit.view for hit, _ in agreeing}) / len({look.view for look in asked.pdq})
        if min(listed, seen) >= VIDEO_SHARE:
            hit, label = min(agreeing, key=lambda pair: pair[0].distance)
            yield _agreement(asked, label, hit, "frames", min(listed, 1.0))


def _told_apart(agreements: Sequence[_Agreement]) -> tuple[list[_Agreement], list[_Agreement]]:
    """Known and harmless ones. A part of a picture that is nearer to a harmless hash than to a known one is harmless,
    and so is the whole of a file that is listed as harmless byte by byte; a part's neighbours in a collage are not. (By
    SHA-256: two files with one MD5 or SHA-1 can be made, a harmless one to be listed and one that it would hide.)"""
    file = [one for one in agreements if one.match.algorithm in DIGESTS]
    proved = any(one.harmless and one.match.algorithm == Algorithm.SHA256 for one in file)
    if proved and all(one.harmless for one in file):
        return [], [one for one in agreements if one.harmless]
    known: list[_Agreement] = []
    harmless: list[_Agreement] = []
    for _, part in groupby(sorted(agreements, key=lambda one: one.view), key=lambda one: one.view):
        of_view = list(part)
        negative = min((one.rank for one in of_view if one.harmless), default=None)
        mine = [one for one in of_view if not one.harmless and (negative is None or one.rank <= negative)]
        nearest = min((one.rank for one in mine), default=None)
        known += mine
        harmless += [one for one in of_view if one.harmless and (nearest is None or one.rank <= nearest)]
    return known, harmless


def _best(agreements: Iterable[_Agreement]) -> tuple[Match, ...]:
    """The nearest of each entry to each picture; the picture as listed before a changed one."""
    best: dict[tuple[str, str, str], Match] = {}
    of_picture: Counter[str] = Counter()
    for match in (one.match for one in sorted(agreements, key=_order)):
        which = match.picture_url, match.bank, match.entry
        if which not in best and of_picture[match.picture_url] < MOST_MATCHES:
            best[which] = match
            of_picture[match.picture_url] += 1
    return tuple(best.values())


def _order(one: _Agreement) -> tuple[object, ...]:
    match = one.match
    return *one.rank, match.variant != ORIGINAL, match.variant, match.bank, match.entry
