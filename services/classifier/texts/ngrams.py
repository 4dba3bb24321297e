"""Hashed character n-grams of a text's passages, in numpy: no vocabulary, every language alike."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint64]
Buckets = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: multiplicative hashing (Knuth, volume 3, 6.4)
_SHIFT = np.uint64(29)
_SPACED, _JOINED = np.uint64(0x5BD1E995), np.uint64(0x2545F491)  # the two views share buckets, not hashes

MOST_BUCKETS_LOG2 = 24  # 64 MB of weights; more than any texts fill


@dataclass(frozen=True)
class Grams:
    """How a text becomes features. Windows count letters without blanks: spacing a phrase out does not leave them."""

    buckets_log2: int
    longest: int
    window: int
    stride: int

    def __post_init__(self) -> None:
        if not (0 < self.buckets_log2 <= MOST_BUCKETS_LOG2 and 0 < self.longest <= self.window >= self.stride > 0):
            raise ValueError(
                f"{self}: give 1 to {MOST_BUCKETS_LOG2} as buckets_log2, and stride and longest from 1 to window"
            )

    def passages(self, bare: str) -> list[Buckets]:
        """The n-grams of each passage of a text in skeleton form, as it is written and with its blanks taken out.

        Passages overlap, so that a phrase of up to `window - stride` letters is whole in one of them. At least one
        passage; it is empty when the text has no letter.
        """
        spaced = _codes(bare)
        letters = np.flatnonzero(spaced != ord(" "))
        views = self._hashed(spaced, _SPACED), self._hashed(spaced[letters], _JOINED)
        return [
            np.concatenate([
                *_within(views[0], int(letters[start]), int(letters[end - 1]) + 1),
                *_within(views[1], start, end),
            ])
            for start, end in self.spans(len(letters))
        ] or [np.empty(0, np.int64)]  # fmt: skip

    def spans(self, letters: int) -> list[tuple[int, int]]:
        """Where the passages of a text of so many letters begin and end."""
        if letters == 0:
            return []
        starts = range(0, max(letters - self.window, 0) + self.stride, self.stride)
        return [(start, min(start + self.window, letters)) for start in starts if start < letters]

    def _hashed(self, codes: Codes, seed: np.uint64) -> list[Buckets]:
        """For each length n, the bucket of the n-gram that begins at each position."""
        hashed, state = [], np.full(len(codes), seed)
        for n in range(1, self.longest + 1):
            kept = len(codes) - n + 1
            if kept <= 0:
                break
            state = (state[:kept] ^ codes[n - 1 :]) * _GOLDEN
            state ^= state >> _SHIFT
            hashed.append(((state * _GOLDEN) >> np.uint64(64 - self.buckets_log2)).astype(np.int64))
        return hashed


def _within(hashed: list[Buckets], start: int, end: int) -> list[Buckets]:
    """The n-grams that lie in the passage from start to end, each length."""
    return [buckets[start : end - length] for length, buckets in enumerate(hashed) if end - length > start]


def _codes(text: str) -> Codes:
    units: NDArray[Any] = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return units.astype(np.uint64)
