"""How it grows: the same question where there are ten times as many sites, cases or known hashes to look through.

Each through the product's own code on real PostgreSQL tables (sites, cases) or in memory (hashes, one core), medians.
`ours`: how many times as long the dearest of them takes with ten times as much. The peer is the plain way for hashes,
which compares them all (faiss, in the same run): it takes ten times as long. What is kept grows with what is known, of
course: the hashes' memory is told beside.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from benchmarks.growing import cases, sites
from benchmarks.harness import Figure, alone
from benchmarks.indexes.contest import POOL, Index, Outcome, Task, run
from benchmarks.indexes.contest import alone as in_process
from benchmarks.indexes.contestants import Flat, Ours
from benchmarks.indexes.corpus import Corpus

TENFOLD = 10
SITES, QUICK_SITES = 20_000, 2_000
CASES, QUICK_CASES = 100_000, 10_000
HASHES, QUICK_HASHES = 1_000_000, 100_000
WITHIN = 31  # as PDQ is matched everywhere
COMPARED = 64  # queries of the pool where every hash is compared

Grown = dict[str, tuple[float, float]]  # what is asked: milliseconds with few, and with ten times as many
Seconds = dict[str, list[float]]


def measure(quick: bool, _: Path) -> Figure:
    few = {"sites": QUICK_SITES, "cases": QUICK_CASES} if quick else {"sites": SITES, "cases": CASES}
    few["hashes"] = QUICK_HASHES if quick else HASHES
    ours, flat = (_hashes(make, few["hashes"], queries) for make, queries in ((Ours, POOL), (Flat, COMPARED)))
    grown: dict[str, Grown] = {
        "sites": _asked(sites.seconds_of, few["sites"], quick),
        "cases": _asked(cases.seconds_of, few["cases"], quick),
        "hashes": {"search": _milliseconds(ours)},
    }
    dearer = {f"{what}, {name}": after / before for what, of in grown.items() for name, (before, after) in of.items()}
    dearest = max(dearer, key=lambda name: dearer[name])
    before, after = _milliseconds(flat)
    return Figure(
        name="growth",
        unit="times as long with ten times as many sites, cases or hashes, the dearest of what is asked",
        ours=round(dearer[dearest], 2),
        peers={"hashes, all compared (faiss flat)": round(after / before, 2)},
        floor=None,
        lower_is_better=True,
        bound_by=dearest,
        detail={
            "grown": {
                f"{what}, {name}": {
                    "few": few[what],
                    "many": few[what] * TENFOLD,
                    "few_ms": round(before, 4),
                    "many_ms": round(after, 4),
                    "times": round(after / before, 2),
                }
                for what, of in grown.items()
                for name, (before, after) in of.items()
            },
            "hashes_megabytes": [one.megabytes for one in ours],
            "hashes_recall": [round(one.recall, 4) for one in ours],
        },
    )


def _asked(seconds_of: Callable[..., Awaitable[Seconds]], few: int, quick: bool) -> Grown:
    before, after = (asyncio.run(_told(seconds_of, count, quick)) for count in (few, few * TENFOLD))
    return {name: (1e3 * median(before[name]), 1e3 * median(after[name])) for name in before}


async def _told(seconds_of: Callable[..., Awaitable[Seconds]], count: int, quick: bool) -> Seconds:
    return await seconds_of(count, quick=quick)


def _hashes(make: Callable[[int], Index], few: int, queries: int) -> tuple[Outcome, Outcome]:
    tasks = (Task(Corpus(count, pictures=False), WITHIN, queries) for count in (few, few * TENFOLD))
    few_of, many_of = (in_process(run, make, task) for task in tasks)
    return few_of, many_of


def _milliseconds(outcomes: tuple[Outcome, Outcome]) -> tuple[float, float]:
    few, many = (1e3 / one.per_s for one in outcomes)
    return few, many


if __name__ == "__main__":
    alone(measure)
