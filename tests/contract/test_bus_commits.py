"""A commit that fails costs repetition, never a record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.bus.port import Broker, Record
from tests.support.faults import FailingCommits
from tests.support.ledger import Ledger
from tests.support.members import KEYS, PARTITIONS, TOPIC, member
from tests.support.poll import eventually

ALL = 10_000


@asynccontextmanager
async def working(broker: Broker, ledger: Ledger, *names: str, hangs_at: int | None = None) -> AsyncIterator[None]:
    """Members that start and stop together."""
    stop = asyncio.Event()
    runners = [member(broker, name, ledger, hangs_at) for name in names]
    running = asyncio.gather(*(runner.run(stop) for runner in runners))
    try:
        yield
    finally:
        stop.set()
        await running


async def produce_a_step_of_every_key(broker: Broker, ledger: Ledger) -> None:
    await broker.produce([Record(TOPIC, key.encode(), str(ledger.next_step(key)).encode()) for key in KEYS])


async def test_what_was_never_committed_is_done_again_by_the_next(broker: Broker, ledger: Ledger) -> None:
    await broker.ensure_topics({TOPIC: PARTITIONS})
    await produce_a_step_of_every_key(broker, ledger)
    async with working(FailingCommits(broker, ALL), ledger, "unlucky"):
        await eventually(ledger.complete)
    async with working(broker, ledger, "next"):
        await eventually(lambda: ledger.repeats() == len(KEYS))
        await produce_a_step_of_every_key(broker, ledger)
        await eventually(ledger.complete)
    ledger.assert_order_kept()
    assert ledger.repeats() == len(KEYS)


async def test_what_a_member_had_polled_and_not_finished_is_done_by_the_next(broker: Broker, ledger: Ledger) -> None:
    await broker.ensure_topics({TOPIC: PARTITIONS})
    for _ in range(3):
        await produce_a_step_of_every_key(broker, ledger)
    counted = FailingCommits(broker, 0)
    async with working(counted, ledger, "hangs", hangs_at=1):
        await eventually(lambda: len(ledger.handled) >= len(KEYS))
        await eventually(lambda: counted.succeeded)
    assert {one.step for one in ledger.handled} == {0}
    async with working(broker, ledger, "next"):
        await eventually(ledger.complete)
    ledger.assert_order_kept()


async def test_a_group_that_stopped_as_one_starts_again(broker: Broker, ledger: Ledger) -> None:
    """The embedded broker forgets to replace a leader that leaves together with the rest."""
    await broker.ensure_topics({TOPIC: PARTITIONS})
    async with working(broker, ledger, "m1", "m2", "m3", "m4"):
        await produce_a_step_of_every_key(broker, ledger)
        await eventually(ledger.complete)
    async with working(broker, ledger, "next"):
        await produce_a_step_of_every_key(broker, ledger)
        await eventually(ledger.complete)
    ledger.assert_order_kept()


async def test_a_commit_that_failed_is_made_good(broker: Broker, ledger: Ledger) -> None:
    await broker.ensure_topics({TOPIC: PARTITIONS})
    await produce_a_step_of_every_key(broker, ledger)
    faulty = FailingCommits(broker, 2)
    async with working(faulty, ledger, "m1"):
        await eventually(lambda: faulty.left == 0)
    async with working(broker, ledger, "m2"):
        await produce_a_step_of_every_key(broker, ledger)
        await eventually(ledger.complete)
    assert ledger.repeats() == 0
    ledger.assert_order_kept()
