"""The index of exact digests (SHA-256, SHA-1, MD5): by their first 64 bits, which the caller verifies."""

from pathlib import Path
from typing import Self

import numpy as np

from services.classifier.hashes.index.hamming import HammingIndex
from services.classifier.hashes.index.hits import Hits, Numbers, Words

PREFIX_BYTES = 8


class DigestIndex:
    """The same promises as `HammingIndex`. Two of ten million rows share a prefix once in 400,000 such banks."""

    def __init__(self, index: HammingIndex | None = None) -> None:
        self._index = index if index is not None else HammingIndex(64)

    def __len__(self) -> int:
        return len(self._index)

    def add(self, digests: list[bytes], numbers: Numbers) -> None:
        """Digests of any length from 8 bytes on. A number that is in the index already is replaced."""
        self._index.add(_prefixes(digests), np.zeros(len(digests), np.int16), numbers)

    def remove(self, numbers: Numbers) -> int:
        return self._index.remove(numbers)

    def search(self, digests: list[bytes]) -> Hits:
        """Rows whose digest begins like a query's; the distance is always 0."""
        return self._index.search(_prefixes(digests))

    def settle(self) -> None:
        self._index.settle()

    def save(self, folder: Path, revision: int) -> None:
        self._index.save(folder, revision)

    @classmethod
    def load(cls, folder: Path) -> tuple[Self, int]:
        index, revision = HammingIndex.load(folder, 64)
        return cls(index), revision


def _prefixes(digests: list[bytes]) -> Words:
    return np.frombuffer(b"".join(digest[:PREFIX_BYTES] for digest in digests), "<u8").reshape(-1, 1)
