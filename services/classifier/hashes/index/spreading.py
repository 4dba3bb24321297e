"""Which bit of a hash stands where in the index.

Neighbouring bits of a picture's hash are alike more often than by chance, and a band of neighbours leads to too many
rows. The order is drawn once and for all: saved indexes are in it.
"""

import hashlib
from functools import lru_cache

import numpy as np

from services.classifier.hashes.index.hits import Words
from services.classifier.hashes.index.kernels import Array, permuted

VALUES = 256  # of a byte


def spread(hashes: Words) -> Words:
    """The same distances, with the bits of any neighbourhood far apart. A copy."""
    return np.asarray(permuted(np.array(hashes, np.uint64, order="C"), _table(hashes.shape[1] * 64)))


@lru_cache
def _table(bits: int) -> Array:
    """What each value of each byte becomes: bytes × 256 × words."""
    table = np.zeros((bits // 8, VALUES, bits // 64), np.uint64)
    values = np.arange(VALUES)
    for bit, place in zip(range(bits), _order(bits), strict=True):
        has = (values >> (bit % 8)) & 1 == 1
        table[bit // 8, has, place // 64] |= np.uint64(1 << (place % 64))
    return table


def _order(bits: int) -> list[int]:
    """A permutation that no library's next version draws differently."""
    return sorted(range(bits), key=lambda bit: hashlib.sha256(f"bit {bit}".encode()).digest())
