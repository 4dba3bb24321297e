"""found → draft while findings come one after another, and in bursts: seconds from the fetch of a page to its drafts.

New posts appear on the sandbox web at a steady pace, ten a minute, and the crawler has to come by on its own; all else
goes on meanwhile: approvals, mails, checks of removals. Then 1, 10 and 100 appear at once; whose processor time the
hundred take, and what they store, is the cost of a thousand.
Peers, on the same machine in the same run: `script_cold` opens a browser for each page, as a script by hand does;
`script_warm` keeps it open, the bare operation (the floor).
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median

from benchmarks.harness import Figure, alone
from benchmarks.loop import MODEL, all_drafted, scripts
from benchmarks.spent import Spent, spending
from haetae.client import Case, Gateway
from haetae.demonstration import REVIEWER, Demonstration, Options
from haetae.summary import percentile, stage_medians

A_MINUTE = 10
STEADY, QUICK_STEADY = 100, 10
BURSTS, QUICK_BURSTS = (1, 10, 100), (1, 10)
SCALE, QUICK_SCALE = 1.0, 0.1
PAGES, QUICK_PAGES = 20, 5  # for the scripts, which take a browser a page
KINDS = ("picture", "picture", "text")  # as the sandbox's own world mixes them
LONGEST_S = 300.0  # for all of a burst to be drafted
LOOK_S = 2.0
FIRST_POSTS_S = 45.0  # until then the sandbox web shows what its own plan has
STAGES = ("flagged", "sealed", "drafted")
WARM = 5  # findings at the pace before counting begins


@dataclass(frozen=True)
class Wave:
    """Posts that appeared together or at one pace. Seconds, ordered; `last_s`: first appearance to the last draft."""

    to_draft: Sequence[float]
    from_appearance: Sequence[float]
    stages: dict[str, float]
    last_s: float

    def shown(self) -> dict[str, object]:
        return {
            "findings": len(self.to_draft),
            "median_s": round(median(self.to_draft), 3),
            "p99_s": round(percentile(self.to_draft, 99), 3),
            "appeared_to_draft_median_s": round(median(self.from_appearance), 3),
            "stage_medians_s": {name: round(seconds, 3) for name, seconds in self.stages.items()},
            "an_hour": round(len(self.to_draft) / self.last_s * 3600),
        }


def measure(quick: bool, home: Path) -> Figure:
    return asyncio.run(_measure(quick, home))


async def _measure(quick: bool, home: Path) -> Figure:
    cold, warm = await scripts(home, 200, QUICK_PAGES if quick else PAGES)
    (steady, *bursts), spent = await _ours(home, quick)
    largest = bursts[-1].shown()
    return Figure(
        name="paced",
        unit=f"s from fetch to draft at {A_MINUTE} findings a minute, median",
        ours=round(median(steady.to_draft), 3),
        peers={"script_cold": round(median(cold), 3)},
        floor=round(median(warm), 3),
        lower_is_better=True,
        bound_by=spent.bound_by,
        detail={
            "steady": steady.shown(),
            "at_once": {str(len(one.to_draft)): one.shown() for one in bursts},
            "sustained_an_hour": largest["an_hour"],
            "a_thousand_findings": spent.of(len(bursts[-1].to_draft)),
            "script_cold_p99_s": round(percentile(sorted(cold), 99), 3),
            "script_warm_p99_s": round(percentile(sorted(warm), 99), 3),
        },
    )


async def _ours(home: Path, quick: bool) -> tuple[list[Wave], Spent]:
    """The steady wave, then each burst; what the last and largest took, until all of it was drafted."""

    def nothing(*_: object) -> None:
        """Nobody watches."""

    options = Options(home / "paced", MODEL, seed=300, scale=QUICK_SCALE if quick else SCALE, gateway_port=0)
    async with Demonstration(options, nothing, nothing) as run:
        await run.prepare()
        await run.watch(lambda summary: all_drafted(summary) and time.monotonic() - run.begun > FIRST_POSTS_S)
        async with await Gateway.login(run.house.gateway_url, REVIEWER, run.password) as gateway:
            waves = Waves(run, gateway, cycle(await run.sandbox.hosts()), cycle(KINDS))
            await waves.wave(WARM, 60 / A_MINUTE)
            found = [await waves.wave(QUICK_STEADY if quick else STEADY, 60 / A_MINUTE)]
            *fewer, most = QUICK_BURSTS if quick else BURSTS
            for count in fewer:
                found.append(await waves.wave(count, 0.0))
            supervisor = run.house.stack.supervisor

            def pids() -> dict[str, int]:
                return {name: pid for name in supervisor.names if (pid := supervisor.pid(name))}

            async with spending(pids, options.home / "stack") as spent:
                found.append(await waves.wave(most, 0.0))
            return found, spent


@dataclass
class Waves:
    """Posts appear host after host, in turns of the kinds."""

    run: Demonstration
    gateway: Gateway
    hosts: "cycle[str]"
    kinds: "cycle[str]"

    async def wave(self, count: int, every_s: float) -> Wave:
        """Raises SystemExit when one of them is not drafted in time: the speed of a loop that loses means nothing."""
        appeared: dict[str, float] = {}
        begun, first = time.monotonic(), time.time()
        for number in range(count):
            await asyncio.sleep(begun + number * every_s - time.monotonic())
            url = await self.run.sandbox.publish(next(self.hosts), next(self.kinds))
            appeared[url] = time.time()
        ended = time.monotonic()
        while True:
            drafted = [case for case in await self.gateway.cases() if case.url in appeared and "drafted" in case.times]
            if len(drafted) == count:
                return _wave(drafted, appeared, first)
            if time.monotonic() - ended > LONGEST_S:
                lost = sorted(appeared.keys() - {case.url for case in drafted})
                raise SystemExit(f"not drafted within {LONGEST_S:.0f} s: {lost}")
            await asyncio.sleep(LOOK_S)


def _wave(cases: list[Case], appeared: dict[str, float], first: float) -> Wave:
    drafted = {case.url: case.times["drafted"].timestamp() for case in cases}
    return Wave(
        to_draft=sorted(seconds for case in cases if (seconds := case.seconds("found", "drafted")) is not None),
        from_appearance=sorted(drafted[url] - at for url, at in appeared.items()),
        stages={name: seconds for name, seconds in stage_medians(cases).items() if name in STAGES},
        last_s=max(drafted.values()) - first,
    )


if __name__ == "__main__":
    alone(measure)
