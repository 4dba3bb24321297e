"""The whole loop through everything that can happen to it: nothing missed, nothing twice, nobody has to help.

Minutes long, so that they run on request: `make chaos-tests`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from chaos.faults import plant
from chaos.run import Run
from deploy.local.part import PARTS
from haetae.demonstration import Demonstration
from services import SERVICES
from tests.journey.test_loop import demonstration, wait_for_stage
from tests.support.chaos import (
    assert_all_is_well,
    dead_by_topic,
    freeze,
    kill,
    kill_at_random,
    order_fault,
)

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(420)]

EVERY_S = 4.0  # less than a service needs to come back
FROZEN_S = 10.0  # longer than a session of the broker


async def through(home: Path, seed: int, chaos: Callable[[Demonstration], Awaitable[None]]) -> dict[str, int]:
    """A run with `chaos` in the middle of it; the dead letters that it left."""
    async with demonstration(home, seed) as run:
        await run.prepare()
        watching = asyncio.create_task(run.watch())
        await wait_for_stage(run, "flagged")
        await chaos(run)
        summary = await watching
        assert summary.failures == []
        assert summary.expected >= 7
        await assert_all_is_well(run)
        return await dead_by_topic(run)


@pytest.mark.parametrize("seed", [21, 22])
async def test_services_killed_at_random_faster_than_they_come_back(tmp_path, seed):
    async def chaos(run: Demonstration) -> None:
        await kill_at_random(run, SERVICES, 15, EVERY_S, seed)

    assert not await through(tmp_path, seed, chaos)


async def test_servers_killed_at_random(tmp_path):
    async def chaos(run: Demonstration) -> None:
        await kill_at_random(run, PARTS, 12, EVERY_S, 23)

    assert not await through(tmp_path, 23, chaos)


@pytest.mark.parametrize("names", [SERVICES, PARTS], ids=["services", "servers"])
async def test_whoever_stands_still_for_a_while_goes_on(tmp_path, names):
    async def chaos(run: Demonstration) -> None:
        for name in names:
            await freeze(run, name, FROZEN_S)

    assert not await through(tmp_path, 24, chaos)


async def test_everything_dies_at_once(tmp_path):
    async def chaos(run: Demonstration) -> None:
        await kill(run, *SERVICES, *PARTS)

    assert not await through(tmp_path, 25, chaos)


async def test_a_mail_server_on_its_worst_day_and_a_notifier_killed_while_it_sends(tmp_path):
    async def chaos(run: Demonstration) -> None:
        await order_fault(run, reject_next=3)
        await wait_for_stage(run, "sent")
        await order_fault(run, drop_reply_after_accept_next=3)
        await kill(run, "notifier", "mail")
        await order_fault(run, drop_reply_after_accept_next=2)

    assert not await through(tmp_path, 26, chaos)


async def test_everything_at_once_for_half_a_minute(tmp_path):
    said: list[str] = []
    outcome = await Run(tmp_path, 1, 32.0, said.append)()
    assert outcome.violations == [], said
    assert min(outcome.kills[service] for service in SERVICES) >= 1
    assert outcome.counted["report"]
    assert outcome.counted["approval"]


async def test_records_that_nobody_can_read_are_put_aside_and_nothing_else(tmp_path):
    planted = 0

    async def chaos(run: Demonstration) -> None:
        nonlocal planted
        planted = max((await plant(run.house.stack.env["HAETAE_KAFKA_BOOTSTRAP"])).values())

    dead = await through(tmp_path, 27, chaos)
    assert set(dead.values()) == {planted}
    assert {"content.found.dead", "content.flagged.dead", "review.decided.dead"} <= dead.keys()
