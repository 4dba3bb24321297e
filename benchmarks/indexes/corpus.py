"""Hashes to search, the same for all who take part: random ones, and ones whose bits are alike as pictures' are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

PAGE = 50_000  # rows drawn and listed at once, as they come from the table
WORDS, BITS = 4, 256
TRAITS = 64  # what a picture's bits are mixed from: so many make its bands of 16 bits meet twice as often as chance


@dataclass(frozen=True)
class Corpus:
    rows: int
    pictures: bool = False  # hashes with correlated bits

    def pages(self) -> Iterator[Words]:
        for page in range(self.rows // PAGE):
            rng = np.random.default_rng((1, page))
            yield self._like_pictures(rng, PAGE) if self.pictures else random_hashes(rng, PAGE)

    def queries(self, count: int, within: int) -> tuple[Words, NDArray[np.int64]]:
        """Hashes that differ from one row each in 0 to `within` bits, and the places of those rows."""
        rng = np.random.default_rng(2)
        places = np.sort(rng.integers(0, self.rows, count))
        asked = np.empty((count, WORDS), np.uint64)
        for page, hashes in enumerate(self.pages()):
            here = places // PAGE == page
            asked[here] = hashes[places[here] % PAGE]
        for query in asked:
            for bit in rng.choice(BITS, rng.integers(0, within + 1), replace=False).tolist():
                query[bit // 64] ^= np.uint64(1 << (bit % 64))
        order = rng.permutation(count)
        return asked[order], places[order]

    def _like_pictures(self, rng: np.random.Generator, count: int) -> Words:
        mixing = np.random.default_rng(3).standard_normal((TRAITS, BITS)).astype(np.float32)
        traits = rng.standard_normal((count, TRAITS)).astype(np.float32)
        return np.packbits(traits @ mixing > 0, axis=1).view("<u8").reshape(count, WORDS)


def random_hashes(rng: np.random.Generator, count: int) -> Words:
    return rng.integers(0, 2**64, (count, WORDS), np.uint64, endpoint=False)
