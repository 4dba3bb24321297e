"""One index in a process of its own, one core: what it takes to list all hashes, and how quickly it answers."""

import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.indexes.corpus import Corpus, Words, random_hashes

Result = TypeVar("Result")
Found = set[tuple[int, int]]  # query and row

POOL = 2048  # queries; who is slow takes the first of them
BATCH = 64  # hashes asked at once: eight pictures in eight positions
NEW = 20  # hashes listed one by one for the time until they answer
WARM = 8


class Index(Protocol):
    """Rows are named by their places."""

    def add(self, hashes: Words) -> None: ...

    def ready(self) -> None:
        """All is listed."""

    def search(self, queries: Words, within: int) -> Found: ...


@dataclass(frozen=True)
class Task:
    corpus: Corpus
    within: int
    queries: int


@dataclass(frozen=True)
class Outcome:
    """`recall`: of the planted rows; `megabytes`: of the whole process, after listing and at most."""

    listing_s: float
    megabytes: int
    most_megabytes: int
    per_s: float
    recall: float
    new_hash_ms: float
    found: frozenset[tuple[int, int]]

    def shown(self) -> dict[str, float]:
        return {name: round(value, 3) for name, value in asdict(self).items() if name != "found"}


def alone(work: Callable[..., Result], *arguments: object) -> Result:
    """In a fresh process, so that the memory is its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def run(make: Callable[[int], Index], task: Task) -> Outcome:
    """`make`: an index of hashes within so many bits."""
    pool, planted = task.corpus.queries(POOL, task.within)
    asked = pool[: task.queries]
    index = make(task.within)
    began = time.process_time()
    drawing = 0.0
    pages = task.corpus.pages()
    while True:
        drawn = time.process_time()
        page = next(pages, None)
        drawing += time.process_time() - drawn
        if page is None:
            break
        index.add(page)
    index.ready()
    listing = time.process_time() - began - drawing
    megabytes = resident()
    index.search(asked[:WARM], task.within)
    found, took = _answers(index, asked, task.within)
    return Outcome(
        listing_s=listing,
        megabytes=megabytes,
        most_megabytes=most(),
        per_s=len(asked) / took,
        recall=float(np.mean([(query, int(row)) in found for query, row in enumerate(planted[: len(asked)])])),
        new_hash_ms=_until_found(index, task),
        found=frozenset(found),
    )


def _answers(index: Index, asked: Words, within: int) -> tuple[Found, float]:
    """And the processor's seconds for it."""
    began = time.process_time()
    parts = [(start, index.search(asked[start : start + BATCH], within)) for start in range(0, len(asked), BATCH)]
    took = time.process_time() - began
    return {(start + query, row) for start, part in parts for query, row in part}, took


def _until_found(index: Index, task: Task) -> float:
    """Milliseconds from listing a hash until it was found, the longest of a few."""
    longest = 0.0
    for place, one in enumerate(random_hashes(np.random.default_rng(4), NEW)):
        began = time.perf_counter()
        index.add(one[None])
        if (0, task.corpus.rows + place) not in index.search(one[None], task.within):
            raise AssertionError("a hash that was listed is not found")
        longest = max(longest, time.perf_counter() - began)
    return longest * 1000


def resident() -> int:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) // 1024


def most() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def places(limits: NDArray[np.integer], rows: NDArray[np.integer]) -> Found:
    """Of what faiss's range search returns."""
    counts = limits[1:].astype(np.int64) - limits[:-1].astype(np.int64)
    return set(zip(np.repeat(np.arange(len(counts)), counts).tolist(), rows.tolist(), strict=True))
