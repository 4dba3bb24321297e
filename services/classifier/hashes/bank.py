"""The hash bank in memory: what is listed, and which of it a picture agrees with."""

import sys
import threading
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from services.classifier.hashes.pdq_index import PdqIndex
from services.classifier.hashes.pdq_rows import Hits, Rows, words
from shared.events.values import MIN_PDQ_QUALITY, Match, Picture

# How a picture is turned against the listed one, in the order of `pdq_dihedral`. Rotations are clockwise.
ORIGINAL = "original"
TURNS = (ORIGINAL, "rotate90", "rotate180", "rotate270", "upside-down", "mirrored", "transposed", "transversed")


class BankRow(NamedTuple):
    """One listed hash of 32 bytes. `threshold`: differing bits within which a picture agrees; unused for sha256."""

    bank: str
    entry: str
    category: str
    algorithm: str
    hash: bytes
    variant: str
    threshold: int


class _Label(NamedTuple):
    bank: str
    entry: str
    variant: str


class HashBank:
    """Matches while it grows: `add` may run in one thread and `match` in another."""

    def __init__(self) -> None:
        self._labels: list[_Label] = []  # of each PDQ row, by number
        self._digests: dict[bytes, tuple[_Label, ...]] = {}
        self._pdq = PdqIndex()
        self._listed: set[int] = set()  # 64 bits of each row: two of ten million meet once in 400,000 such banks
        self._adding = threading.Lock()

    def __len__(self) -> int:
        """Listed hashes."""
        return len(self._listed)

    def add(self, rows: Iterable[BankRow]) -> int:
        """List what is not listed yet; how many that were. A hash listed again under its entry changes nothing."""
        with self._adding:
            new = [row for row in rows if self._is_new(row)]
            self._add_digests([row for row in new if row.algorithm == "sha256"])
            self._add_pdq([row for row in new if row.algorithm == "pdq"])
            return len(new)

    def settle(self) -> None:
        """After loading many rows: put the index into its fastest form."""
        with self._adding:
            self._pdq = self._pdq.settled()

    def _is_new(self, row: BankRow) -> bool:
        key = hash((row.bank, row.entry, row.algorithm, row.hash))
        known = key in self._listed
        self._listed.add(key)
        return not known

    def _add_digests(self, rows: Sequence[BankRow]) -> None:
        for row in rows:
            self._digests[row.hash] = (*self._digests.get(row.hash, ()), _shared_label(row))

    def _add_pdq(self, rows: Sequence[BankRow]) -> None:
        first = len(self._labels)
        self._labels.extend(map(_shared_label, rows))
        self._pdq = self._pdq.with_rows(
            Rows(
                words(b"".join(row.hash for row in rows)),
                np.array([row.threshold for row in rows], np.uint16),
                np.arange(first, first + len(rows)),
            )
        )

    def match(self, picture: Picture) -> list[Match]:
        return self.match_all([picture])[0]

    def match_all(self, pictures: Sequence[Picture]) -> list[list[Match]]:
        """For each picture the entries that it agrees with, each once, nearest first: by digest, or by the nearest of
        its hashes in the best of eight positions."""
        near = self._near(pictures)
        return [_best([*self._same(picture), *found]) for picture, found in zip(pictures, near, strict=True)]

    def _same(self, picture: Picture) -> Iterable[Match]:
        for label in self._digests.get(bytes.fromhex(picture.sha256), ()):
            yield _match(picture, label, "sha256", 0, label.variant)

    def _near(self, pictures: Sequence[Picture]) -> list[list[Match]]:
        asked = [
            (place, TURNS[turn], bytes.fromhex(digest))
            for place, picture in enumerate(pictures)
            if picture.pdq_quality is not None and picture.pdq_quality >= MIN_PDQ_QUALITY
            for turn, digest in enumerate(picture.pdq_dihedral[: len(TURNS)])
        ]
        found: list[list[Match]] = [[] for _ in pictures]
        if asked:
            hits: Hits = self._pdq.search(words(b"".join(digest for _, _, digest in asked)))
            for query, number, distance in zip(hits.query, hits.row, hits.distance, strict=True):
                place, turn, _ = asked[query]
                label = self._labels[number]
                found[place].append(
                    _match(pictures[place], label, "pdq", int(distance), described(label.variant, turn))
                )
        return found


def described(variant: str, turn: str) -> str:
    """The listed variant (a crop, say) and how the picture is turned against it: "centre-10", "mirrored", …"""
    parts = [part for part in (variant, turn) if part != ORIGINAL]
    return ", ".join(parts) or ORIGINAL


def _match(picture: Picture, label: _Label, algorithm: str, distance: int, variant: str) -> Match:
    return Match(
        picture_url=picture.url,
        bank=label.bank,
        entry=label.entry,
        algorithm=algorithm,
        distance=distance,
        variant=variant,
    )


def _best(matches: Iterable[Match]) -> list[Match]:
    """The nearest of each entry; an equal digest comes before an equal hash, the picture as listed before a turned."""
    best: dict[tuple[str, str], Match] = {}
    for match in sorted(matches, key=_rank):
        best.setdefault((match.bank, match.entry), match)
    return list(best.values())


def _rank(match: Match) -> tuple[object, ...]:
    return match.distance, match.algorithm != "sha256", match.variant != ORIGINAL, match.bank, match.entry


def _shared_label(row: BankRow) -> _Label:
    """Millions of rows have few banks and variants: each word is kept once."""
    return _Label(sys.intern(row.bank), row.entry, sys.intern(row.variant))
