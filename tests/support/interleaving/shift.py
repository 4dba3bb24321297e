"""Records in the hands of the real partition worker, without its timers; and a process that stands still with them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from shared.bus.case_lane import CHUNK
from shared.bus.memory_group import MemoryMember
from shared.bus.partition import PartitionWorker, Released, Turn
from shared.bus.port import Partition, Received
from shared.clock import Clock
from tests.support.interleaving.mortal import Death, Halt

RELEASE_S = 60.0  # what is in hand is finished, however slow the machine


class Shift:
    """One partition's records, from when the worker has them until they are through."""

    def __init__(
        self, partition: Partition, lane: Callable[[Sequence[Received], Turn], Awaitable[None]], clock: Clock
    ) -> None:
        self._lane, self._through = lane, asyncio.Event()
        self.worker = PartitionWorker(partition, self._handle, CHUNK, clock)

    async def finish(self) -> int | None:
        """All of them, or as far as it comes without waiting; before which offset. Raises `Death`."""
        await self._through.wait()
        await self.worker.release(RELEASE_S)
        if isinstance(death := self.worker.task.exception(), Death):
            raise death
        return self.worker.done

    async def halts(self, halt: Halt) -> bool:
        """Whether it stands still before they are through."""
        waiting = [asyncio.ensure_future(event.wait()) for event in (halt.came, self._through)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()
        return halt.came.is_set()

    async def _handle(self, records: Sequence[Received], turn: Turn) -> None:
        try:
            await self._lane(records, _NoPatience(turn))
        except BaseException:
            self._through.set()
            raise
        if not self.worker.waiting:
            self._through.set()


class _NoPatience:
    """Who would wait gives the partition back: the order of the steps decides when it is tried again."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    async def pause(self, seconds: float) -> None:
        raise Released

    def settled(self, record: Received) -> None:
        self._turn.settled(record)


@dataclass(frozen=True)
class Zombie:
    """It stood still in the middle of a record; its partitions went to another, and it does not know."""

    member: MemoryMember
    shift: Shift
    halt: Halt

    async def go_on(self) -> dict[Partition, int]:
        """All that it had polled; what it would commit then."""
        self.halt.go.set()
        done = await self.shift.finish()
        return {} if done is None else {self.shift.worker.partition: done}
