"""Crawling: CPU-ms a page on one core, our crawler beside Scrapy and Crawlee on the same pages in the same run.

Ours is the service as it is run: scheduler, fetcher and recorder, with PostgreSQL and the broker on the other core, and
the corpus's server too. A page is fetched, unpacked, and its links, text and pictures' addresses are read; the pictures
themselves are fetched by nobody. Links go through the frontier that each brings along: the peers' in memory, ours in
the database. Ours also tells what it found to the broker, and would lose nothing if it were killed.
Rounds are interleaved. `ratio` is Scrapy as it comes ÷ ours, `ratio_same_parser` Scrapy with our parser ÷ ours.
`ratio_plain_set` and `ratio_plain_set_same_parser` are against a more favourable Scrapy, without a frontier: links are
looked up in a plain set before it sees them.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.crawling.bed import Bed, bed
from benchmarks.crawling.contest import Run
from benchmarks.crawling.meter import cores
from benchmarks.crawling.ours import run_ours
from benchmarks.crawling.peers import PEERS, run_peer
from benchmarks.crawling.scale import by_hosts, by_known
from benchmarks.harness import Figure, alone
from benchmarks.web.corpus import corpus
from benchmarks.web.pages import Web

ROUNDS = 3
WEB, QUICK_WEB = Web(hosts=50, pages=100), Web(hosts=20, pages=60)
WITHIN_S, QUICK_WITHIN_S = 20.0, 7.0  # a peer that is not done by then is measured by what it did
LEFT_OUT = {"crawlee_beautifulsoup", "crawlee_parsel_plain_set"}  # of a quick run


def measure(quick: bool, home: Path) -> Figure:
    return asyncio.run(_measure(quick, home))


async def _measure(quick: bool, home: Path) -> Figure:
    crawler_core, other_core = cores()
    async with bed(home, other_core) as made:
        runs = await _contest(made, crawler_core, other_core, quick)
        flat: dict[str, object] = {}
        if not quick:
            flat = await by_known(made, crawler_core, other_core) | await by_hosts(made, crawler_core, other_core)
    ours = runs.pop("ours")
    if not all(run.whole for run in ours):
        raise SystemExit("our crawler did not visit every page, so its speed means nothing")
    costs = {name: _cost(of) for name, of in runs.items()}
    return Figure(
        name="crawl",
        unit="CPU-ms a page (user and system time of the process, all threads), median of rounds",
        ours=_cost(ours),
        peers=costs,
        floor=None,
        lower_is_better=True,
        bound_by=_bound_by(ours),
        detail={
            "pages_per_s": {name: round(median(run.per_s for run in of), 1) for name, of in _all(ours, runs)},
            "starved": {name: [round(run.starved_s / run.wall_s, 2) for run in of] for name, of in _all(ours, runs)},
            "peak_mb": {name: round(max(run.peak_mb for run in of), 1) for name, of in _all(ours, runs)},
            "other_requests": {name: [run.others for run in of] for name, of in _all(ours, runs)},
            "pages": {name: [run.pages for run in of] for name, of in _all(ours, runs)},
            "cost_rounds_ms": {name: [round(run.cpu_ms, 3) for run in of] for name, of in _all(ours, runs)},
            **flat,
        },
        against="scrapy",
        ratios={
            "ratio_same_parser": "scrapy_our_parser",
            "ratio_plain_set": "scrapy_plain_set",
            "ratio_plain_set_same_parser": "scrapy_plain_set_our_parser",
        },
    )


async def _contest(made: Bed, crawler_core: int, other_core: int, quick: bool) -> dict[str, list[Run]]:
    web, within_s = (QUICK_WEB, QUICK_WITHIN_S) if quick else (WEB, WITHIN_S)
    peers = [name for name in PEERS if not (quick and name in LEFT_OUT)]
    runs: dict[str, list[Run]] = {name: [] for name in ("ours", *peers)}
    with corpus(web, other_core, made.home) as there:
        for _ in range(1 if quick else ROUNDS):
            runs["ours"].append(await run_ours(made, there, crawler_core))
            for name in peers:
                runs[name].append(await run_peer(name, there, crawler_core, within_s))
    return runs


def _cost(runs: Sequence[Run]) -> float:
    return round(median(run.cpu_ms for run in runs), 3)


def _all(ours: list[Run], others: dict[str, list[Run]]) -> list[tuple[str, list[Run]]]:
    return [("ours", ours), *others.items()]


def _bound_by(ours: Sequence[Run]) -> str:
    busy = median(run.busy for run in ours)
    if busy > 0.9:
        return f"the crawler's own processor time ({busy:.0%} of its core)"
    return f"what it waits for, database and broker on the other core (its own is busy for {busy:.0%})"


if __name__ == "__main__":
    alone(measure)
