"""The order of things: a seed decides what happens next, who dies where, and who is overtaken. A trace tells it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from tests.support.interleaving.consumer import Consumer
from tests.support.interleaving.mortal import POINTS, Death
from tests.support.interleaving.world import World

STEPS = 40
DIES, OVERTAKEN, COMMITS_LATE = 0.25, 0.3, 0.5
STALLS = 0.15
HALTS = ("begun", "handled", "committed")
DEATHS = (*POINTS, "producing", "produced", "posting", "posted")
WAIT_S = 300.0  # longer than a lease
PATIENCE = 2  # looks in a row at which nothing happened: the world rests


@dataclass(frozen=True)
class Step:
    """`die`: what is lost with whoever does it; None for whoever does not die. `twin`: the relay that may overtake.
    `stall`: the same, by who stands still meanwhile."""

    do: Callable[[], Awaitable[object]]
    die: Callable[[str, random.Random], Awaitable[None]] | None = None
    twin: int | None = None
    stall: Callable[[str], Awaitable[object]] | None = None


@dataclass
class Run:
    """`steps`: those that take place; each has its own chance, whatever else does. `repeats`: how often each mail, and
    each event, may rightly come again, because of whom somebody died."""

    world: World
    seed: int
    steps: Sequence[int] = range(STEPS)
    trace: list[str] = field(default_factory=list)
    repeats: Counter[str | UUID] = field(default_factory=Counter)
    _at: str = ""

    async def whole(self, cases: int) -> None:
        """What the seed decides, then all that is left to do, undisturbed."""
        await self.world.begin(cases, self.seed)
        self.world.broker.passing = self._pass
        for database in self.world.databases.values():
            database.passing = self._pass
        for number in self.steps:
            await self._one(number, random.Random(f"{self.seed}/{number}"))
        self._at, self.world.broker.meanwhile = "", None
        for consumer in self.world.consumers.values():
            for zombie in list(consumer.zombies):
                await consumer.go_on(zombie)
        await self._rest()
        for number in range(len(self.world.relays)):
            await self.world.end_relay(number)

    def _pass(self, point: str) -> None:
        if point == self._at:
            self._at = ""
            raise Death(point)

    def _possible(self) -> dict[str, Step]:
        world, steps = self.world, dict[str, Step]()
        for name, consumer in world.consumers.items():
            for partition in consumer.waiting():
                deliver = Step(
                    partial(consumer.deliver, partition),
                    partial(self._bury_consumer, consumer),
                    stall=partial(consumer.stall, partition, blocked=world.blocked),
                )
                steps[f"{name} handles {partition.topic}/{partition.number}"] = deliver
            steps[f"{name} commits"] = Step(consumer.commit)
            steps[f"{name} is killed"] = Step(consumer.next_life)
            for zombie in consumer.zombies:
                steps[f"{zombie.member.instance} goes on"] = Step(partial(consumer.go_on, zombie))
        for number, (name, _) in enumerate(world.relays):
            turn = Step(partial(world.relay, number), partial(self._bury_relay, number), twin=number ^ 1)
            steps[f"relay {number} of {name}"] = turn
            if number in world.alive:
                steps[f"relay {number} of {name} is killed"] = Step(partial(world.end_relay, number))
        for number in world.asked():
            # It does not die: what becomes of a lost check is the affair of the notifier's timer.
            steps[f"crawler answers {number}"] = Step(partial(world.answer, number))
        steps["notifier sends"] = Step(world.send, partial(self._bury_sender, len(world.inbox)))
        steps["time passes"] = Step(partial(_now, partial(world.clock.advance, 2.0)))
        return steps

    async def _one(self, number: int, chance: random.Random) -> None:
        possible = self._possible()
        name = chance.choice(list(possible))
        step = possible[name]
        if step.stall and chance.random() < STALLS:
            stood = await step.stall(point := chance.choice(HALTS))
            self.trace.append(f"{number} {name}: {f'stands still at {point!r}, and loses it' if stood else 'done'}")
            return
        self._at = chance.choice(DEATHS) if step.die and chance.random() < DIES else ""
        overtaken = step.twin is not None and chance.random() < OVERTAKEN
        self.world.broker.meanwhile = (
            partial(self._overtake, step.twin) if overtaken and step.twin is not None else None
        )
        try:
            done = await step.do()
            self.trace.append(f"{number} {name}: {'done' if done is None or done else 'nothing'}")
        except Death as death:
            assert step.die, name
            self.trace.append(f"{number} {name}: dies at {str(death)!r}")
            await step.die(str(death), chance)
        self._at = ""

    async def _overtake(self, other: int) -> None:
        self.world.broker.meanwhile = None
        armed, self._at = self._at, ""
        done = await self.world.relay(other)
        self.trace.append(f"  meanwhile relay {other}: {'done' if done else 'nothing'}")
        self._at = armed

    async def _bury_consumer(self, consumer: Consumer, point: str, chance: random.Random) -> None:
        """What it had not committed comes again; the timer may have committed just before."""
        if chance.random() < COMMITS_LATE:
            self.trace.append("  its offsets were committed before")
            await consumer.commit()
        await consumer.next_life()

    async def _bury_relay(self, number: int, point: str, chance: random.Random) -> None:
        """Its session goes, and its lock with it. What it had brought and not marked comes again."""
        if point == "produced":
            self.repeats.update(UUID(record.headers["ce_id"].decode()) for record in self.world.broker.newest)
        await self.world.end_relay(number)

    async def _bury_sender(self, before: int, point: str, chance: random.Random) -> None:
        """What it had sent in this round, and perhaps not written down, goes out again."""
        self.repeats.update(name for _, name in self.world.inbox[before:])

    async def _rest(self) -> None:
        idle = 0
        while idle < PATIENCE:
            moved = False
            for consumer in self.world.consumers.values():
                for partition in consumer.waiting():
                    moved |= await consumer.deliver(partition)
                await consumer.commit()
            for number in self.world.asked():
                await self.world.answer(number)
                moved = True
            for number in range(len(self.world.relays)):
                moved |= await self.world.relay(number)
            moved |= bool(await self.world.send())
            if not moved:
                idle += 1
                self.world.clock.advance(WAIT_S)
            else:
                idle = 0


async def _now(do: Callable[[], object]) -> None:
    do()
