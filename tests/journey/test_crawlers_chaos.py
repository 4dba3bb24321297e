"""Three crawlers, one after the other killed or frozen at any moment: no host is asked too soon, no address is lost."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from shared.database import Database
from tests.integration.test_crawler_politeness import (
    NAMES,
    all_is_done,
    database,
    env,
    too_close,
    watch,
    web,
)
from tests.support.crawlers import Crawlers, crawlers
from tests.support.logged_web import LoggedWeb
from tests.support.polite_web import every_page
from tests.support.poll import eventually

__all__ = ["database", "env", "web"]  # fixtures

KILLS = 12
FROZEN_S = 16.0  # longer than a lease: its hosts have gone to others when it goes on, with requests half made
LONGEST_PAUSE_S = 6.0


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_politeness_holds_and_nothing_is_lost_through_kills(
    env: dict[str, str], web: LoggedWeb, database: Database, tmp_path: Path
) -> None:
    chance = random.Random(7)
    await watch(database, web)
    async with crawlers(env, tmp_path, *NAMES) as three:
        await eventually(lambda: web.seen, 60)
        freezing = asyncio.create_task(_freeze_now_and_then(three, random.Random(8)))
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0, LONGEST_PAUSE_S))
            name = chance.choice(NAMES)
            await three.kill(name)
            await three.start(name)
        freezing.cancel()
        await asyncio.gather(freezing, return_exceptions=True)
        await eventually(lambda: every_page(web) <= {(one.host, one.path) for one in web.seen}, 180)
        await eventually(lambda: all_is_done(database), 90)
    assert too_close(web) == []


async def _freeze_now_and_then(three: Crawlers, chance: random.Random) -> None:
    while True:
        await asyncio.sleep(chance.uniform(1, LONGEST_PAUSE_S))
        await three.freeze(chance.choice(NAMES), FROZEN_S)
