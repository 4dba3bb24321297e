"""One contestant at work: pages, processor time, memory, measured alike for all of them."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.crawling.meter import used
from benchmarks.web.corpus import Corpus

LOOK_S = 0.05
WARM = 0.05  # of the pages: imports, first connections and caches are no page's cost
WARM_SHARE = 0.3  # of the time at most: slow ones are measured by the rest of it


@dataclass(frozen=True)
class Run:
    """Between the first and the last look.

    `whole`: all pages were asked for, each counted once. `others`: requests that were for no page (ours asks each host
    once for one that cannot be there, to know what that looks like). `starved_s`: somebody else had the core.
    """

    name: str
    pages: int
    cpu_s: float
    wall_s: float
    peak_mb: float
    whole: bool
    others: int
    starved_s: float

    @property
    def cpu_ms(self) -> float:
        return self.cpu_s / self.pages * 1e3

    @property
    def per_s(self) -> float:
        """As on a machine where nobody else wants the core."""
        return self.pages / (self.wall_s - self.starved_s)

    @property
    def busy(self) -> float:
        return self.cpu_s / (self.wall_s - self.starved_s)


async def observe(
    name: str, corpus: Corpus, pid: int, pages: int, within_s: float, recorded: Callable[[], bool] = lambda: True
) -> Run:
    """From the first twentieth of `pages`, or what was visited in the first third of the time, to the last, and until
    they are `recorded`; or as far as it gets in time."""
    now = time.monotonic()
    end, warm = now + within_s, now + within_s * WARM_SHARE
    while (first := corpus.visits()) < pages * WARM and time.monotonic() < warm:
        await asyncio.sleep(LOOK_S)
    begun, before = time.monotonic(), used(pid)
    while (last := corpus.visits()) < pages and time.monotonic() < end:
        await asyncio.sleep(LOOK_S)
    while not recorded() and time.monotonic() < end:
        await asyncio.sleep(LOOK_S)
    after, ended = used(pid), time.monotonic()
    if last <= first:
        raise SystemExit(f"{name}: {first} pages in {within_s:g} s: it does not crawl")
    seen = corpus.seen()
    if seen.pictures:
        raise SystemExit(f"{name}: it fetched {seen.pictures} pictures, the others none: the figures would not compare")
    starved_s = after.starved_s - before.starved_s
    others, whole = len(seen) - int(seen.of_pages.sum()), seen.distinct_pages >= pages
    return Run(name, last - first, after.cpu_s - before.cpu_s, ended - begun, after.peak_mb, whole, others, starved_s)
