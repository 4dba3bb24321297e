"""Each kind of fault, done to the running house."""

import asyncio
import os
import resource
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from chaos.schedule import Fault, Kind
from deploy.local.stack import Stack
from shared.bus.kafka import KafkaBroker
from shared.bus.port import Record
from shared.events import TOPICS
from shared.events.base import REGISTRY

POINT_S = 5.0  # who does not come by at the point within this is killed where it is
LOOK_S = 0.05
AWAY_S = 2.0


@dataclass
class Faults:
    """`told`: the folder of `chaos.entry`. `kills`: processes that were killed, by name; `planted`: unreadable records
    by topic."""

    stack: Stack
    told: Path
    kills: Counter[str] = field(default_factory=Counter)
    planted: Counter[str] = field(default_factory=Counter)

    async def carry_out(self, fault: Fault) -> bool:
        """Returns when it has passed. Whether it came to anything."""
        ways: dict[Kind, Callable[[Fault], Awaitable[bool]]] = {
            Kind.KILL: self._kill,
            Kind.RESTART: self._kill,
            Kind.POINT: self._at_point,
            Kind.FREEZE: self._freeze,
            Kind.CLOCK: self._jump,
            Kind.OUTAGE: self._outage,
            Kind.DISK: self._full,
            Kind.REFUSED: self._refuse,
            Kind.UNANSWERED: self._keep_silent,
            Kind.POISON: self._poison,
        }
        return await ways[fault.kind](fault)

    async def _kill(self, fault: Fault) -> bool:
        """Who is away is killed as soon as it begins again."""
        ends = asyncio.get_running_loop().time() + AWAY_S
        while not (alive := self.stack.supervisor.pid(fault.target) is not None):
            if asyncio.get_running_loop().time() > ends:
                break
            await asyncio.sleep(LOOK_S)
        await self.stack.supervisor.kill(fault.target)
        self.kills[fault.target] += alive
        return alive

    async def _at_point(self, fault: Fault) -> bool:
        order, supervisor = self.told / f"{fault.target}.die", self.stack.supervisor
        pid = supervisor.pid(fault.target)
        order.write_text(fault.detail)
        ends = asyncio.get_running_loop().time() + POINT_S
        while order.exists() and asyncio.get_running_loop().time() < ends:
            pid = supervisor.pid(fault.target) or pid
            await asyncio.sleep(LOOK_S)
        if order.exists():
            order.unlink(missing_ok=True)
            return await self._kill(fault)
        while pid is not None and supervisor.pid(fault.target) == pid:  # it is not ours to wait for
            await asyncio.sleep(LOOK_S)
        self.kills[fault.target] += 1
        return True

    async def _freeze(self, fault: Fault) -> bool:
        """It holds its connections, leases and locks, and goes on later as if nothing had happened."""
        async with frozen(self.stack.supervisor.pid(fault.target)):
            await asyncio.sleep(fault.seconds)
        return True

    async def _jump(self, fault: Fault) -> bool:
        clock = self.told / f"{fault.target}.clock"
        clock.write_text(fault.detail.removesuffix(" s"))
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            clock.unlink()
        return True

    async def _outage(self, fault: Fault) -> bool:
        await self.stack.supervisor.halt(fault.target)
        await asyncio.sleep(fault.seconds)
        self.stack.supervisor.resume(fault.target)
        return True

    async def _full(self, fault: Fault) -> bool:
        """No file of it, or of its children, may grow: writes fail with EFBIG, which programs meet as a full disk."""
        pid = self.stack.supervisor.pid(fault.target)
        if pid is None:
            return False
        await limit_files(pid, 0)
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            await limit_files(pid, None)
        return True

    async def _refuse(self, fault: Fault) -> bool:
        return await self._order(reject_next=int(fault.detail))

    async def _keep_silent(self, fault: Fault) -> bool:
        return await self._order(drop_reply_after_accept_next=int(fault.detail))

    async def _order(self, **order: int) -> bool:
        """See `deploy.local.mailsink.faults.FaultOrder`. False where the mail server is away."""
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False) as http:
                await http.post(f"{self.stack.env['HAETAE_MAIL_API']}/api/faults", json=order)
                return True
        return False

    async def _poison(self, fault: Fault) -> bool:
        self.planted.update(await plant(self.stack.env["HAETAE_KAFKA_BOOTSTRAP"]))
        return True


@asynccontextmanager
async def frozen(pid: int | None) -> AsyncIterator[None]:
    """SIGSTOP, and at the end SIGCONT if it is still there."""
    if pid is not None:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


async def plant(bootstrap: str) -> dict[str, int]:
    """Three records that nobody can read, on every topic: no JSON, an unknown type, no headers."""
    broker = KafkaBroker(bootstrap, idempotence=False)
    kinds = {event.topic.name: event.type for event in reversed(REGISTRY.values())}  # a topic's first: all take it
    planted: dict[str, int] = {}
    for topic in TOPICS:
        said = {
            "ce_specversion": b"1.0",
            "ce_source": b"/test",
            "ce_time": b"2026-11-22T00:00:00+00:00",
            "ce_type": kinds[topic.name].encode(),
        }
        bad = [(b"\xff{", said), (b"{}", {**said, "ce_type": b"no.such.event.v9"}), (b"{}", {})]
        await broker.produce(
            [
                Record(topic.name, b"k", value, {**headers, "ce_id": str(uuid4()).encode()} if headers else {})
                for value, headers in bad
            ]
        )
        planted[topic.name] = len(bad)
    await broker.close()
    return planted


async def limit_files(pid: int, most: int | None) -> None:
    """How large files of a process and its descendants may become, in bytes; None: as large as before."""
    for one in await asyncio.to_thread(lambda: [*family(pid)]):
        with suppress(ProcessLookupError):
            _, hard = resource.prlimit(one, resource.RLIMIT_FSIZE)
            resource.prlimit(one, resource.RLIMIT_FSIZE, (hard if most is None else most, hard))


def family(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    for one in parents:
        above: int | None = one
        while above and above != pid:
            above = parents.get(above)
        if above == pid:
            yield one
