"""Those who take part. The peers get what they need in their quickest form: bytes rather than hexadecimal words, and
numbers rather than Python objects."""

import numpy as np

from benchmarks.indexes.contest import Found, places
from benchmarks.indexes.corpus import BITS, Words
from services.classifier.hashes.index import HammingIndex


class Ours:
    def __init__(self, within: int) -> None:
        self.index, self._within = HammingIndex(BITS), within

    def add(self, hashes: Words) -> None:
        first = len(self.index)
        self.index.add(hashes, np.full(len(hashes), self._within), np.arange(first, first + len(hashes)))

    def ready(self) -> None:
        self.index.settle()

    def search(self, queries: Words, within: int) -> Found:
        hits = self.index.search(queries)
        return set(zip(hits.query.tolist(), hits.number.tolist(), strict=True))


class Flat:
    """faiss, every row compared."""

    def __init__(self, _: int) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        self._index = faiss.IndexBinaryFlat(BITS)

    def add(self, hashes: Words) -> None:
        self._index.add(hashes.view(np.uint8))

    def ready(self) -> None:
        pass

    def search(self, queries: Words, within: int) -> Found:
        limits, _, rows = self._index.range_search(queries.view(np.uint8), within + 1)
        return places(limits, rows)


class ThreatExchange:
    """The index that the ThreatExchange library makes for PDQ, and what it searches with: faiss's multi-index hashing,
    16 bands of 16 bits. Its own methods around it take hexadecimal words and keep a Python number a row; left out."""

    def __init__(self, within: int) -> None:
        import faiss
        from threatexchange.signal_type.pdq.pdq_faiss_matcher import PDQMultiHashIndex

        faiss.omp_set_num_threads(1)
        self._index = PDQMultiHashIndex()
        self._index.mih_index.nflip = within // self._index.mih_index.nhash
        self._rows = 0

    def add(self, hashes: Words) -> None:
        self._index.faiss_index.add_with_ids(
            hashes.view(np.uint8), np.arange(self._rows, self._rows + len(hashes), dtype=np.int64)
        )
        self._rows += len(hashes)

    def ready(self) -> None:
        pass

    def search(self, queries: Words, within: int) -> Found:
        limits, _, rows = self._index.faiss_index.range_search(queries.view(np.uint8), within + 1)
        return places(limits, rows)
