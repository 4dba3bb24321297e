"""How long the house needs after each fault."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress

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


async def recovered(stack: Stack, fault: Fault, servers_back: Sequence[float]) -> float:
    """Seconds until the target says that it is ready: that it has its partitions again, and its servers answer it.
    After a fault of a server: until each service that needs it has said so since. At most `LONGEST_S`.

    `servers_back`: when, by `time.monotonic`, faults ended that halt everybody, those to come as well: whoever
    waits for a server meanwhile recovers from there.
    """
    begun = time.monotonic()
    names = (fault.target,) if fault.target in SERVICES else NEEDED_BY.get(fault.target, SERVICES)
    if fault.kind in AWAY and fault.target not in SERVICES:
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S):
                await stack.ready(fault.target)
    await asyncio.gather(*(_answers(stack, name, begun) for name in names))
    now = time.monotonic()
    return now - max(back for back in (begun, *servers_back) if back <= now)


async def _answers(stack: Stack, name: str, begun: float) -> None:
    while time.monotonic() - begun < LONGEST_S:
        if await stack.supervisor.answers(name):
            return
        await asyncio.sleep(LOOK_S)


def by_kind(times: Iterable[tuple[Kind, float]]) -> dict[Kind, tuple[int, float, float, float]]:
    """How many, median, p95 and longest, in seconds."""
    grouped: dict[Kind, list[float]] = defaultdict(list)
    for kind, seconds in times:
        grouped[kind].append(seconds)
    return {
        kind: (len(found), percentile(sorted(found), 50), percentile(sorted(found), 95), max(found))
        for kind, found in sorted(grouped.items())
    }
