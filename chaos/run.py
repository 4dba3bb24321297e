"""One run: the house under load, the schedule carried out, then rest, then every promise looked at."""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from chaos.faults import Faults
from chaos.history import Line, append
from chaos.invariants import Violation, World, check
from chaos.load import Load
from chaos.recovery import Hits, Recovery, by_kind, recovered
from chaos.schedule import Fault, Kind, schedule
from haetae.demonstration import Demonstration, Options
from haetae.live import counts
from services import SERVICES

MODEL = Path("var/models/text").absolute()
HISTORY, TOLD = "history.jsonl", "told"
SCALE = 0.1
REST_S = 300.0  # at the most, until nothing moves any more
LOOK_S = 3.0
GATEWAY = {"HAETAE_DOOR_REPORTS_PER_PLACE": "100000", "HAETAE_DOOR_REPORTS_AN_HOUR": "100000"}  # all from one machine
# Else a service ends itself: forty unreadable records at once are a broken writer, here they are a fault among others.
ALL = {"HAETAE_DEAD_LETTER_LIMIT": "1000"}


@dataclass
class Outcome:
    """`idle`: faults that met nobody. `rested_s`: from the last fault until all held."""

    seed: int
    seconds: float
    kills: dict[str, int]
    done: int
    idle: int
    recovery: dict[Kind, Recovery]
    counted: dict[str, int]
    cases: int
    sent: int
    removed: int
    rested_s: float
    violations: Sequence[Violation]


class WideDoor(Demonstration):
    """The demonstration's, whose door takes as many reports as one machine can make, and whose services put aside as
    many records."""

    def _settings(self) -> dict[str, dict[str, str]]:
        settings = {name: {**told, **ALL} for name, told in super()._settings().items()}
        return {**settings, "gateway": {**settings["gateway"], **GATEWAY}}


@dataclass
class Run:
    """`say` hears a line now and then."""

    home: Path
    seed: int
    seconds: float
    say: Callable[[str], None]
    recoveries: list[tuple[Kind, float | None]] = field(default_factory=list)
    hits: Hits = field(default_factory=Hits)
    idle: int = 0  # faults that came to nothing: what they were for was away

    async def __call__(self) -> Outcome:
        plan = schedule(self.seed, self.seconds)
        options = Options(
            self.home / "run", MODEL, review_by_person=True, seed=self.seed, scale=SCALE, gateway_port=0,
            through=("chaos.entry",),
        )  # fmt: skip
        self.told, self.history = self.home / TOLD, self.home / HISTORY
        self.told.mkdir(parents=True, exist_ok=True)
        self.history.unlink(missing_ok=True)
        self.history.touch()
        os.environ["CHAOS_HOME"] = str(self.told)
        async with WideDoor(
            options, lambda _: None, lambda step, seconds: self.say(f"{step}: {seconds:.1f} s")
        ) as house:
            await house.prepare()
            return await self._through(house, plan)

    async def _through(self, house: WideDoor, plan: Sequence[Fault]) -> Outcome:
        faults = Faults(house.house.stack, self.told)
        load = Load(house, self.history, self.seed)
        approving = asyncio.create_task(load.approving())
        busy = [asyncio.create_task(work()) for work in (load.posting, load.reporting, load.asking)]
        self.begun = time.monotonic()
        try:
            await asyncio.gather(*(self._fault(faults, fault) for fault in plan), self._tell(faults, load))
            load.over = True
            await asyncio.gather(*busy)
            await house.house.stack.ready(*SERVICES)
            self.say(f"{self._at()} the last fault is over: waiting for rest")
            begun = time.monotonic()
            violations = await self._rest(house, faults)
            rested = time.monotonic() - begun
        finally:
            for task in (approving, *busy):
                task.cancel()
        reached = counts(load.cases)
        return Outcome(
            seed=self.seed,
            seconds=self.seconds,
            kills={name: faults.kills[name] for name in (*SERVICES, *sorted(set(faults.kills) - set(SERVICES)))},
            done=len(plan) - self.idle,
            idle=self.idle,
            recovery=by_kind(self.recoveries),
            counted=dict(load.counted),
            cases=len(load.cases),
            sent=reached["sent"],
            removed=reached["removed"],
            rested_s=rested,
            violations=violations,
        )

    async def _fault(self, faults: Faults, fault: Fault) -> None:
        await asyncio.sleep(self.begun + fault.at_s - time.monotonic())
        self._note("fault", fault)
        if not await faults.carry_out(fault):
            self.idle += 1
            return
        self.hits.note(fault)
        seconds = await recovered(faults.stack, fault, self.hits)
        self._note("recovered", fault, seconds=None if seconds is None else round(seconds, 3))
        self.recoveries.append((fault.kind, seconds))

    async def _tell(self, faults: Faults, load: Load) -> None:
        while time.monotonic() - self.begun < self.seconds:
            await asyncio.sleep(15.0)
            reached = counts(load.cases)
            kills = " ".join(f"{name} {faults.kills[name]}" for name in SERVICES)
            self.say(
                f"{self._at()} killed: {kills}; cases {len(load.cases)}, sent {reached['sent']}, "
                f"removed {reached['removed']}; reports {load.counted['report']}, approvals {load.counted['approval']}"
            )

    async def _rest(self, house: WideDoor, faults: Faults) -> Sequence[Violation]:
        """What the last look finds: a record may be on its way, so it looks until all holds, or `REST_S` are over."""
        world = World(house.house.stack.env, self.history, dict(faults.planted))
        begun = time.monotonic()
        while True:
            violations = await check(world)
            if not violations or time.monotonic() - begun > REST_S:
                return violations
            first = violations[0]
            self.say(f"{self._at()} not at rest: {len(violations)} to hold yet ({first.invariant}: {first.what[:100]})")
            await asyncio.sleep(LOOK_S)

    def _note(self, kind: str, fault: Fault, **more: object) -> None:
        said = {"fault": fault.kind, "target": fault.target, "detail": fault.detail, **more}
        append(self.history, Line(datetime.now(UTC), kind, said))

    def _at(self) -> str:
        return f"{time.monotonic() - self.begun:5.0f} s"
