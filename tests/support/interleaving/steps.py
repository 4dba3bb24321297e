"""The order of things: a seed decides what happens next, who dies where, and who is overtaken. A trace tells it."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from tests.support.interleaving.mortal import POINTS, Death
from tests.support.interleaving.world import World

STEPS = 40
DIES, OVERTAKEN, COMMITS_LATE = 0.25, 0.3, 0.5
DEATHS = (*POINTS, "producing", "produced", "posting", "posted")
WORLD = "crawler"  # plays its part without dying: what becomes of a lost check is the notifier's timer's affair
WAIT_S = 120.0  # longer than a lease
PATIENCE = 4  # looks in a row at which nothing happened: the world rests

Step = Callable[[], Awaitable[object]]


@dataclass
class Run:
    world: World
    seed: int
    faults: bool = True
    trace: list[str] = field(default_factory=list)
    relay_deaths: int = 0
    post_deaths: int = 0
    _at: str = ""

    async def whole(self, cases: int) -> None:
        """What the seed decides, then all that is left to do, undisturbed."""
        chance = random.Random(self.seed)
        await self.world.begin(cases, self.seed)
        self._mortal(self._pass)
        if self.faults:
            for _ in range(STEPS):
                await self._one(chance)
        self._at, self.world.broker.meanwhile = "", None
        await self._rest()
        self._mortal(lambda point: None)
        for number in range(len(self.world.relays)):
            await self.world.end_relay(number)

    def _mortal(self, passing: Callable[[str], None]) -> None:
        for thing in (*self.world.databases.values(), self.world.broker):
            thing.passing = passing  # type: ignore[method-assign]

    def _pass(self, point: str) -> None:
        if point == self._at:
            self._at = ""
            raise Death(point)

    def _possible(self) -> dict[str, Step]:
        world, steps = self.world, dict[str, Step]()
        for name, consumer in world.consumers.items():
            for partition in consumer.waiting():
                steps[f"{name} handles {partition.topic}/{partition.number}"] = partial(consumer.deliver, partition)
            steps[f"{name} commits"] = partial(_now, consumer.commit)
            steps[f"{name} is killed"] = partial(_now, consumer.next_life)
        for number, (name, _) in enumerate(world.relays):
            steps[f"relay {number} of {name}"] = partial(world.relay, number)
            if number in world.sessions:
                steps[f"relay {number} of {name} is killed"] = partial(world.end_relay, number)
        for number in world.asked():
            steps[f"crawler answers {number}"] = partial(world.answer, number)
        return steps | {"notifier sends": world.send, "time passes": partial(_now, partial(world.clock.advance, 2.0))}

    async def _one(self, chance: random.Random) -> None:
        possible = self._possible()
        name = chance.choice(list(possible))
        point = chance.choice(DEATHS) if chance.random() < DIES else ""
        self._at = "" if name.startswith(WORLD) else point
        other = self._other_relay(name) if chance.random() < OVERTAKEN else None
        self.world.broker.meanwhile = partial(self._overtake, other) if other is not None else None
        late = chance.random() < COMMITS_LATE
        try:
            done = await possible[name]()
            self.trace.append(f"{name}: {'done' if done is None or done else 'nothing'}")
        except Death as death:
            await self._bury(name, str(death), late)
        self._at = ""

    def _other_relay(self, step: str) -> int | None:
        words = step.split()
        return int(words[1]) ^ 1 if words[0] == "relay" and len(words) == 4 else None

    async def _overtake(self, other: int) -> None:
        self.world.broker.meanwhile = None
        self.trace.append(f"  meanwhile relay {other}")
        armed, self._at = self._at, ""
        await self.world.relay(other)
        self._at = armed

    async def _bury(self, step: str, point: str, late: bool) -> None:
        """The process is gone: its session with its lock, what it had not committed. The timer may have run before."""
        self.trace.append(f"{step}: dies at {point!r}{', offsets committed before' if late else ''}")
        words = step.split()
        if words[0] == "relay":
            self.relay_deaths += 1
            await self.world.end_relay(int(words[1]))
        elif words[1] == "handles":
            consumer = self.world.consumers[words[0]]
            if late:
                consumer.commit()
            consumer.next_life()
        elif words[1] == "sends":
            self.post_deaths += 1

    async def _rest(self) -> None:
        idle = 0
        while idle < PATIENCE:
            moved = False
            for consumer in self.world.consumers.values():
                for partition in consumer.waiting():
                    moved |= await consumer.deliver(partition)
                consumer.commit()
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
