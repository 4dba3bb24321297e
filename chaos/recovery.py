"""How long the house needs after each fault."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from chaos.schedule import Fault, Kind
from deploy.local.stack import Stack
from haetae.summary import percentile
from services import SERVICES

LOOK_S = 0.2
# Who needs the server; each of the others is every service's.
NEEDED_BY = {"mail": ("notifier",), "authority": ("evidence",)}
AWAY = (Kind.RESTART, Kind.OUTAGE, Kind.DISK)
LONGEST_S = 60.0


def halts_everybody(fault: Fault) -> bool:
    """Whether a server was away that every service needs."""
    return fault.kind in AWAY and fault.target not in SERVICES and fault.target not in NEEDED_BY


@dataclass
class Hits:
    """When, by `time.monotonic`, each service was last hit, or a server came back that all need."""

    _all: list[float] = field(default_factory=list)
    _one: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, fault: Fault) -> None:
        """It is just over. A fault that stops nobody (unreadable records, a mail refused) hits nobody."""
        if halts_everybody(fault):
            self._all.append(time.monotonic())
        elif fault.target in SERVICES or fault.kind in AWAY:
            for name in waited_for(fault):
                self._one[name].append(time.monotonic())

    def last(self, name: str, before: float) -> float:
        return max((at for at in (*self._all, *self._one[name]) if at <= before), default=0.0)


def waited_for(fault: Fault) -> tuple[str, ...]:
    """The services that have to be ready again after it."""
    return (fault.target,) if fault.target in SERVICES else NEEDED_BY.get(fault.target, SERVICES)


async def recovered(stack: Stack, fault: Fault, hits: Hits) -> float | None:
    """Seconds until the target says that it is ready: that it has its partitions again, and its servers answer it.
    After a fault of a server: until each service that needs it has said so since. None: not within `LONGEST_S`.

    Who is hit again before it is back, itself or by a server that is away, recovers from the last of them: `hits` are
    noted until it is back.
    """
    begun = time.monotonic()
    if fault.kind in AWAY and fault.target not in SERVICES:
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S):
                await stack.ready(fault.target)
    took = await asyncio.gather(*(_took(stack, name, begun, hits) for name in waited_for(fault)))
    return None if None in took else max(seconds for seconds in took if seconds is not None)


async def _took(stack: Stack, name: str, begun: float, hits: Hits) -> float | None:
    """Seconds until it answers."""
    while (since := time.monotonic() - max(begun, hits.last(name, time.monotonic()))) < LONGEST_S:
        if await stack.supervisor.answers(name):
            return since
        await asyncio.sleep(LOOK_S)
    return None


@dataclass(frozen=True)
class Recovery:
    """Of one kind of fault. `never`: not within `LONGEST_S`, as which they count in the seconds."""

    times: int
    median_s: float
    p95_s: float
    longest_s: float
    never: int


def by_kind(times: Iterable[tuple[Kind, float | None]]) -> dict[Kind, Recovery]:
    grouped: dict[Kind, list[float | None]] = defaultdict(list)
    for kind, seconds in times:
        grouped[kind].append(seconds)
    return {kind: _told(found) for kind, found in sorted(grouped.items())}


def _told(found: Sequence[float | None]) -> Recovery:
    ordered = sorted(LONGEST_S if seconds is None else seconds for seconds in found)
    return Recovery(
        len(found), percentile(ordered, 50), percentile(ordered, 95), ordered[-1], sum(one is None for one in found)
    )
