"""The indexes of a bank together: all of a batch's hashes go through each of them once."""

from collections.abc import Sequence

from services.classifier.hashes.asked import Asked, Look
from services.classifier.hashes.entries import DIGESTS, OCTETS, Algorithm
from services.classifier.hashes.index import DigestIndex, HammingIndex, Hits, words
from services.classifier.hashes.matching import Hit
from services.classifier.hashes.reading import Rows

PDQ_BITS, PHASH_BITS = 256, 64
MOST_HITS = 10_000  # of one hash, the nearest: a list that repeats it a million times must not take a minute and a GB


class Indexes:
    """PDQ hashes of pictures and frames, pHashes, digests; their numbers are those of the table's entries."""

    def __init__(
        self, pdq: HammingIndex | None = None, phash: HammingIndex | None = None, digests: DigestIndex | None = None
    ) -> None:
        self.pdq = HammingIndex(PDQ_BITS) if pdq is None else pdq
        self.phash = HammingIndex(PHASH_BITS) if phash is None else phash
        self.digests = DigestIndex() if digests is None else digests

    def __len__(self) -> int:
        return len(self.pdq) + len(self.phash) + len(self.digests)

    def settle(self) -> None:
        for index in (self.pdq, self.phash, self.digests):
            index.settle()

    def take(self, rows: Rows) -> None:
        """List these, in place of what is listed under their numbers; or take them out, when they are switched off."""
        if not rows.live:
            self._index(rows.algorithm).remove(rows.numbers)
        elif rows.algorithm in DIGESTS:
            size = OCTETS[rows.algorithm]
            digests = [rows.hashes[start : start + size] for start in range(0, len(rows.hashes), size)]
            self.digests.add(digests, rows.numbers)
        else:
            index = self.phash if rows.algorithm is Algorithm.PHASH else self.pdq
            index.add(words(rows.hashes, index.bits), rows.thresholds, rows.numbers)

    def search(self, asked: Sequence[Asked]) -> list[list[Hit]]:
        """Of each of them what the indexes answer. A digest's hit is to be verified."""
        found: list[list[Hit]] = [[] for _ in asked]
        self._search_near(self.pdq, [one.pdq for one in asked], found)
        self._search_near(self.phash, [one.phash for one in asked], found)
        places = [(place, digest) for place, one in enumerate(asked) for digest in one.digests]
        if places and len(self.digests):
            hits = self.digests.search([digest for _, digest in places]).nearest(MOST_HITS)
            for query, number in zip(hits.query.tolist(), hits.number.tolist(), strict=True):
                found[places[query][0]].append(Hit(number, 0))
        return found

    def touches(self, pdq: bytes, phash: bytes, digests: Sequence[bytes]) -> tuple[Hits, Hits, Hits]:
        """Hits of hashes that lie one after the other, for matching backwards."""
        return (
            self.pdq.search(words(pdq, PDQ_BITS)),
            self.phash.search(words(phash, PHASH_BITS)),
            self.digests.search(list(digests)),
        )

    def _index(self, algorithm: Algorithm) -> HammingIndex | DigestIndex:
        if algorithm in DIGESTS:
            return self.digests
        return self.phash if algorithm is Algorithm.PHASH else self.pdq

    @staticmethod
    def _search_near(index: HammingIndex, looks: Sequence[Sequence[Look]], found: list[list[Hit]]) -> None:
        queries = [(place, look) for place, some in enumerate(looks) for look in some]
        if not queries or not len(index):
            return
        hits = index.search(words(b"".join(look.hash for _, look in queries), index.bits)).nearest(MOST_HITS)
        of_hits = (hits.query.tolist(), hits.number.tolist(), hits.distance.tolist())
        for query, number, distance in zip(*of_hits, strict=True):
            place, look = queries[query]
            found[place].append(Hit(number, distance, look.view, look.turn, look.phash))
