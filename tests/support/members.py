"""Members of a consumer group that can be killed: tasks on the broker's twin, real processes on Kafka."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from shared.bus.memory import MemoryBroker
from shared.bus.partition import Turn
from shared.bus.port import Broker, Received, Record
from shared.bus.runner import GroupRunner
from shared.clock import SystemClock
from shared.failures import Transient
from shared.metrics import Metrics
from tests.support.kafka_at import KafkaAt
from tests.support.ledger import Handled, Ledger

PROJECT = Path(__file__).resolve().parents[2]
GROUP = "sharers"
TOPIC = "parcels"
PARTITIONS = 6
WORK_SECONDS = 0.002  # so that a member that dies has something in hand


KEYS = [f"lantern-{number}" for number in range(24)]  # some for each of the six partitions
ROUND_SECONDS = 0.05


@asynccontextmanager
async def producing(broker: Broker, ledger: Ledger) -> AsyncIterator[None]:
    """One step of every key, again and again; what the broker does not take is tried until it does."""
    enough = asyncio.Event()

    async def produce() -> None:
        while not enough.is_set():
            await acknowledged([Record(TOPIC, key.encode(), str(ledger.next_step(key)).encode()) for key in KEYS])
            await asyncio.sleep(ROUND_SECONDS)

    async def acknowledged(records: list[Record]) -> None:
        while True:
            with contextlib.suppress(Transient):
                await broker.produce(records)
                return
            await asyncio.sleep(ROUND_SECONDS)

    running = asyncio.create_task(produce())
    try:
        yield
    finally:
        enough.set()
        await running


class Members(Protocol):
    async def start(self, name: str) -> None: ...

    async def kill(self, name: str) -> None:
        """Without a word to anybody."""
        ...

    async def stop(self) -> None:
        """All that are left, gracefully."""
        ...


def member(broker: Broker, name: str, note: Ledger, hangs_at: int | None = None) -> GroupRunner:
    """A runner that notes what it handles; at step `hangs_at` its handler never returns."""

    async def handle(records: Sequence[Received], turn: Turn) -> None:
        for record in records:
            await asyncio.sleep(WORK_SECONDS)
            assert record.value is not None
            if int(record.value) == hangs_at:
                await asyncio.Event().wait()
            note.handled.append(
                Handled(time.monotonic_ns(), name, record.partition.number, record.key.decode(), int(record.value))
            )

    return GroupRunner(
        broker, GROUP, [TOPIC], handle, chunk=1, instance=name, drain_s=1, clock=SystemClock(), metrics=Metrics()
    )


class Tasks:
    def __init__(self, broker: MemoryBroker, ledger: Ledger) -> None:
        self._broker, self._ledger = broker, ledger
        self._running: dict[str, asyncio.Task[None]] = {}
        self._stop = asyncio.Event()

    async def start(self, name: str) -> None:
        self._running[name] = asyncio.create_task(member(self._broker, name, self._ledger).run(self._stop))

    async def kill(self, name: str) -> None:
        await self._broker.die(GROUP, name)
        task = self._running.pop(name)
        task.cancel()
        await asyncio.wait({task})

    async def stop(self) -> None:
        self._stop.set()
        await asyncio.gather(*self._running.values())


class Processes:
    def __init__(self, at: KafkaAt, ledger: Ledger) -> None:
        self._at, self._ledger = at, ledger
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._reading: set[asyncio.Task[None]] = set()

    async def start(self, name: str) -> None:
        command = [sys.executable, "-m", "tests.support.member_process", name, json.dumps(asdict(self._at))]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, cwd=PROJECT
        )
        self._running[name] = process
        self._reading.add(asyncio.create_task(self._read(process)))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        async for line in process.stdout:
            if line.endswith(b"\n"):  # the last of a killed process may be cut
                self._ledger.handled.append(Handled(*json.loads(line)))

    async def kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.kill()
        await process.wait()

    async def stop(self) -> None:
        for process in self._running.values():
            process.terminate()
        assert [await process.wait() for process in self._running.values()] == [0] * len(self._running)
        await asyncio.gather(*self._reading)
