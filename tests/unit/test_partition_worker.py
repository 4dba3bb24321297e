"""A partition's worker: sequential, resumable, given up on order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shared.bus.dead_letters import DeadLetters
from shared.bus.decision import Policy
from shared.bus.memory import MemoryBroker
from shared.bus.partition import FULL, ROOM, PartitionWorker, Turn
from shared.bus.port import Partition, Received
from shared.clock import ManualClock, SystemClock
from shared.failures import Rejected
from shared.metrics import Metrics
from tests.support.poll import eventually

AT = Partition("parcels", 0)


def records(count: int, start: int = 0) -> list[Received]:
    return [Received("parcels", b"k", b"v", partition=AT, offset=start + number) for number in range(count)]


async def test_it_hands_out_chunks_in_order_and_knows_what_is_done() -> None:
    chunks: list[list[int]] = []

    async def handle(some: Sequence[Received], turn: Turn) -> None:
        chunks.append([record.offset for record in some])

    worker = PartitionWorker(AT, handle, 3, SystemClock())
    worker.put(records(7))
    await eventually(lambda: worker.done == 7)
    assert chunks == [[0, 1, 2], [3, 4, 5], [6]]
    await worker.release(1)


async def test_a_full_queue_says_when_it_has_room_again() -> None:
    free, room = asyncio.Event(), asyncio.Event()

    async def handle(some: Sequence[Received], turn: Turn) -> None:
        await free.wait()

    worker = PartitionWorker(AT, handle, 1, SystemClock())
    worker.on_room = lambda _: room.set()
    worker.put(records(FULL + 1))
    await asyncio.sleep(0)
    assert worker.full
    assert not room.is_set()
    free.set()
    await room.wait()
    assert worker.waiting <= ROOM
    await worker.release(1)


async def test_what_waits_to_be_retried_is_given_up_at_once() -> None:
    pausing = asyncio.Event()

    async def handle(some: Sequence[Received], turn: Turn) -> None:
        turn.settled(some[0])
        pausing.set()
        await turn.pause(3600)

    worker = PartitionWorker(AT, handle, 2, ManualClock())
    worker.put(records(2))
    await pausing.wait()
    async with asyncio.timeout(5):
        await worker.release(3600)
    assert worker.done == 1  # the first of the chunk was settled, the second waits for the next owner


async def test_what_takes_too_long_is_cancelled_and_not_taken_for_done() -> None:
    begun = asyncio.Event()

    async def handle(some: Sequence[Received], turn: Turn) -> None:
        begun.set()
        await asyncio.Event().wait()

    worker = PartitionWorker(AT, handle, 1, SystemClock())
    worker.put(records(1))
    await begun.wait()
    await worker.release(0.01)
    assert worker.done is None
    assert worker.task.cancelled()


async def test_dead_letters_are_counted_within_their_window_only() -> None:
    clock = ManualClock()
    letters = DeadLetters(MemoryBroker(), Policy(dead_letter_window_s=300), clock, Metrics())
    for _ in range(3):
        await letters.park(records(1)[0], Rejected("never"), 1, clock.sleep)
        clock.advance(200)
    assert letters.recent() == 1
