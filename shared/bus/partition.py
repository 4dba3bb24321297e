"""One partition's work: a queue and a task, sequential inside, so that one slow partition stops no other."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from shared.bus.port import Partition, Received
from shared.clock import Clock

log = structlog.get_logger(__name__)

# Enough to keep a worker busy while the next fetch is under way; a fetch brings about a megabyte.
FULL = 512
ROOM = FULL // 2


class Released(Exception):  # not an error: the partition goes to somebody else
    """The partition is being given up while its record waits to be retried; the next owner tries it again."""


# Waits, or raises `Released` as soon as the partition is to be given up.
Pause = Callable[[float], Awaitable[None]]


class Turn(Protocol):
    """What a lane has of the partition while it works on a chunk."""

    async def pause(self, seconds: float) -> None: ...

    def settled(self, record: Received) -> None:
        """This record and all before it are finished, though the chunk is not: that much is never done again."""
        ...


Handle = Callable[[Sequence[Received], Turn], Awaitable[None]]


class PartitionWorker:
    """Hands the partition's records, `chunk` at a time, to `handle`. All before the offset `done` is finished."""

    def __init__(self, partition: Partition, handle: Handle, chunk: int, clock: Clock) -> None:
        self.partition = partition
        self.done: int | None = None
        self.committed: int | None = None
        self.on_room: Callable[[Partition], None] | None = None
        self._handle, self._chunk, self._clock = handle, chunk, clock
        self._queue: deque[Received] = deque()
        self._arrived, self._released = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._run(), name=f"{partition.topic}/{partition.number}")

    def put(self, records: Sequence[Received]) -> None:
        self._queue.extend(records)
        self._arrived.set()

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def full(self) -> bool:
        return len(self._queue) >= FULL

    @property
    def uncommitted(self) -> int | None:
        """The offset that is finished and not yet committed."""
        return self.done if self.done != self.committed else None

    async def release(self, within_s: float) -> None:
        """Take nothing more, finish what is in hand; after `within_s` it is cancelled, for the next owner to do."""
        self._released.set()
        self._arrived.set()
        _, pending = await asyncio.wait({self.task}, timeout=within_s)
        if pending:
            log.warning("handler cancelled: the partition was due", partition=self.task.get_name(), seconds=within_s)
            self.task.cancel()
            await asyncio.wait({self.task})

    async def _run(self) -> None:
        try:
            while not self._released.is_set():
                if not self._queue:
                    self._arrived.clear()
                    await self._arrived.wait()
                    continue
                chunk = [self._queue.popleft() for _ in range(min(self._chunk, len(self._queue)))]
                if self.on_room and len(self._queue) <= ROOM:
                    self.on_room(self.partition)
                await self._handle(chunk, self)
                self.settled(chunk[-1])
        except Released:
            return

    def settled(self, record: Received) -> None:
        self.done = record.offset + 1

    async def pause(self, seconds: float) -> None:
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        released = asyncio.ensure_future(self._released.wait())
        try:
            await asyncio.wait({sleeping, released}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            released.cancel()
        if self._released.is_set():
            raise Released
