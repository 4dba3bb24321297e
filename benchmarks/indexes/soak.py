"""Whether memory stays: a million queries, and a thousand updates in between that list and take out."""

from dataclasses import dataclass

import numpy as np

from benchmarks.indexes.contest import BATCH, resident
from benchmarks.indexes.contestants import Ours
from benchmarks.indexes.corpus import Corpus, random_hashes

WITHIN = 31
UPDATED = 100  # rows that each update lists, and takes out again with the next
ASKED = 4096  # hashes that are asked over and over


@dataclass(frozen=True)
class Soaked:
    queries: int
    updates: int
    first_mb: int  # after a tenth
    last_mb: int


def soak(rows: int, queries: int, updates: int) -> Soaked:
    corpus = Corpus(rows)
    ours = Ours(WITHIN)
    for page in corpus.pages():
        ours.add(page)
    ours.ready()
    asked, _ = corpus.queries(ASKED, WITHIN)
    rng = np.random.default_rng(5)
    every = queries // updates
    first, update = 0, 0
    for done in range(0, queries, BATCH):
        start = done % ASKED
        ours.search(asked[start : start + BATCH], WITHIN)
        if done // every > update:
            update = done // every
            _update(ours, rows, update, rng)
        if not first and done > queries // 10:
            first = resident()
    return Soaked(queries, update + 1, first, resident())


def _update(ours: Ours, rows: int, turn: int, rng: np.random.Generator) -> None:
    numbers = rows + turn * UPDATED + np.arange(UPDATED)
    ours.index.add(random_hashes(rng, UPDATED), np.full(UPDATED, WITHIN), numbers)
    ours.index.remove(numbers - UPDATED)
