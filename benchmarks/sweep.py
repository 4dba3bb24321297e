"""A sweep: the front pages of 20,000 hosts, politely (robots.txt asked first, then a second's rest), by one crawler.

Says how long it takes, what bounds it, the most memory, and from the server's own log whether a front page was missed
or a host saw two requests closer than its delay.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.crawling.bed import Bed, bed
from benchmarks.crawling.meter import Used, cores, used
from benchmarks.crawling.ours import NO_PICTURES
from benchmarks.harness import Figure, alone
from benchmarks.web.corpus import Corpus, Seen, corpus
from benchmarks.web.pages import Web

HOSTS, QUICK_HOSTS = 20_000, 2_000
DELAY_S = 1.0
# The server's clock is read after it wrote: on a busy core that may be a turn of the scheduler later than the crawler
# had the answer.
TOLERANCE_S = 0.02
WITHIN_S = 1_800.0
LOOK_S = 0.25
MOST_MB = 1024
BUSY = 0.85  # of a core: beyond it that core is what bounds the sweep


@dataclass(frozen=True)
class Spent:
    """Processor time of all who took part."""

    crawler: Used
    database: Used
    broker: Used
    server_s: float

    def starved_s(self, former: "Spent") -> float:
        """How long the crawler waited for a core that somebody else had."""
        return self.crawler.starved_s - former.crawler.starved_s

    def since(self, former: "Spent") -> dict[str, float]:
        return {
            "crawler": self.crawler.cpu_s - former.crawler.cpu_s,
            "database": self.database.cpu_s - former.database.cpu_s,
            "broker": self.broker.cpu_s - former.broker.cpu_s,
            "web_server": self.server_s - former.server_s,
        }


def measure(quick: bool, home: Path) -> Figure:
    return asyncio.run(_measure(QUICK_HOSTS if quick else HOSTS, home))


async def _measure(hosts: int, home: Path) -> Figure:
    crawler_core, other_core = cores()
    async with bed(home, other_core) as made:
        with corpus(Web(hosts, 1, across=True), other_core, made.home) as there:
            async with made.crawler(there, crawler_core, **NO_PICTURES) as pid:
                before, begun = _spent(made, there, pid), time.monotonic()
                await made.watch(there, range(hosts), per_second=1 / DELAY_S, robots=True)
                missed = await _until_all_are_visited(made)
                wall_s, after = time.monotonic() - begun, _spent(made, there, pid)
            starved_s = after.starved_s(before)
            cpu_s, peak_mb = after.since(before), after.crawler.peak_mb
            return _figure(hosts, missed, wall_s, starved_s, cpu_s, peak_mb, there.seen())


async def _until_all_are_visited(made: Bed) -> int:
    """How many are not, when the time is over."""
    end = time.monotonic() + WITHIN_S
    while (left := made.scalar("SELECT count(*) FROM frontier WHERE visits = 0")) and time.monotonic() < end:
        await asyncio.sleep(LOOK_S)
    return left


def _spent(made: Bed, there: Corpus, pid: int) -> Spent:
    pids = {name: made.stack.supervisor.pid(name) or 0 for name in ("postgres", "kafka")}
    return Spent(used(pid), used(pids["postgres"]), used(pids["kafka"]), there.cpu_s())


def _figure(
    hosts: int, missed: int, wall_s: float, starved_s: float, cpu_s: dict[str, float], peak_mb: float, seen: Seen
) -> Figure:
    gaps = seen.gaps()
    violations = int((gaps < DELAY_S - TOLERANCE_S).sum())
    if missed or seen.distinct_pages < hosts or violations:
        raise SystemExit(
            f"the sweep failed: {missed} front pages not visited, {seen.distinct_pages} of {hosts} asked for, "
            f"{violations} requests closer than {DELAY_S:g} s (closest {gaps.min():.3f} s)"
        )
    return Figure(
        name="sweep",
        unit="front pages a second",
        ours=round(hosts / wall_s, 1),
        peers={},
        floor=None,
        lower_is_better=False,
        bound_by=bound_by(cpu_s, wall_s, starved_s),
        detail={
            "hosts": hosts,
            "missed": missed,
            "wall_s": round(wall_s, 1),
            "requests": len(seen),
            "politeness_violations": violations,
            "smallest_gap_s": round(float(gaps.min()), 3),
            "peak_mb": round(peak_mb, 1),
            "under_1_gib": peak_mb < MOST_MB,
            "cpu_ms_a_page": {name: round(spent / hosts * 1e3, 3) for name, spent in cpu_s.items()},
            "starved": round(starved_s / wall_s, 2),
            "busy": {name: round(spent / wall_s, 2) for name, spent in cpu_s.items()},
        },
    )


def bound_by(cpu_s: dict[str, float], wall_s: float, starved_s: float) -> str:
    """By the share of its core that each has used; the crawler has a core of its own, all others share one."""
    crawler = cpu_s["crawler"] / (wall_s - starved_s)
    others = (sum(cpu_s.values()) - cpu_s["crawler"]) / wall_s
    if crawler > BUSY:
        return f"the crawler's processor time ({crawler:.0%} of its core)"
    if others > BUSY:
        most = max((name for name in cpu_s if name != "crawler"), key=cpu_s.__getitem__)
        return f"the other core ({others:.0%} busy), most of it the {most.replace('_', ' ')}'s"
    return f"waiting: the crawler's core is {crawler:.0%} busy, the other {others:.0%}"


if __name__ == "__main__":
    alone(measure)
