"""How long the house needs after each fault."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

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


async def recovered(stack: Stack, fault: Fault, servers_back: Sequence[float]) -> float | None:
    """Seconds until the target says that it is ready: that it has its partitions again, and its servers answer it.
    After a fault of a server: until each service that needs it has said so since. None: not within `LONGEST_S`.

    `servers_back`: when, by `time.monotonic`, faults ended that halt everybody, those to come as well: whoever
    waits for a server meanwhile recovers from there.
    """
    begun = time.monotonic()
    names = (fault.target,) if fault.target in SERVICES else NEEDED_BY.get(fault.target, SERVICES)
    if fault.kind in AWAY and fault.target not in SERVICES:
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S):
                await stack.ready(fault.target)
    if not all(await asyncio.gather(*(_answers(stack, name, begun) for name in names))):
        return None
    now = time.monotonic()
    return now - max(back for back in (begun, *servers_back) if back <= now)


async def _answers(stack: Stack, name: str, begun: float) -> bool:
    while time.monotonic() - begun < LONGEST_S:
        if await stack.supervisor.answers(name):
            return True
        await asyncio.sleep(LOOK_S)
    return False


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
