"""Three crawler processes on hosts that share servers; one is killed and comes back. What counts is the hosts' log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.crawler.registry.sites import import_sites, parse_sites
from shared.bus.kafka import KafkaBroker
from shared.bus.outlet import record_of
from shared.database import Database
from shared.events import CheckRequested, Envelope
from shared.identity import case_id, identity
from tests.support.crawlers import Crawlers, crawlers
from tests.support.findings import finding
from tests.support.logged_web import LoggedWeb, logged_web
from tests.support.polite_web import board, delay_s, every_page, polite_pages, site_lines
from tests.support.poll import eventually
from tests.support.stack import Migrated

# The web reads its clock when it has written: by then a busy machine may have given the crawler its turn, and the
# answer left a little earlier than the log says.
TOLERANCE_S = 0.03
NAMES = ("one", "two", "three")
CHECKED = [(3, 4), (4, 4), (5, 5)]  # board, post


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[LoggedWeb]:
    async with logged_web(tmp_path, polite_pages) as made:
        yield made


@pytest.fixture
async def database(migrated: Migrated) -> AsyncIterator[Database]:
    made = Database(migrated.dsn_for("crawler"), "/haetae/crawler")
    yield made
    await made.close()


@pytest.fixture
def env(migrated: Migrated, kafka_bootstrap: str, topic_prefix: str, web: LoggedWeb) -> dict[str, str]:
    return {
        "HAETAE_DATABASE_URL": migrated.dsn_for("crawler"),
        "HAETAE_KAFKA_BOOTSTRAP": kafka_bootstrap,
        "HAETAE_KAFKA_IDEMPOTENCE": "0",
        "HAETAE_TOPIC_PREFIX": topic_prefix,
        "HAETAE_ALLOWED_HOSTS_FILE": str(web.hosts_file),
    }


async def watch(database: Database, web: LoggedWeb) -> None:
    sites, problems = parse_sites(site_lines(web), "jsonl")
    assert not problems
    await import_sites(database, sites)


async def ask_for_checks(env: dict[str, str], web: LoggedWeb) -> None:
    now = datetime.now(UTC)
    records = []
    for number, post in CHECKED:
        url = web.url(board(number), f"/post/{post}")
        asked = CheckRequested(
            case_id=case_id(url), check_id=identity("check", url), number=1, finding=finding(url), due_at=now
        )
        records.append(record_of(Envelope(asked, identity("asked", url), "/test", now)))
    broker = KafkaBroker(env["HAETAE_KAFKA_BOOTSTRAP"], env["HAETAE_TOPIC_PREFIX"], idempotence=False)
    await broker.produce(records)
    await broker.close()


async def all_is_done(database: Database) -> bool:
    """No address was never visited, and no check is open."""
    async with database.transaction() as tx:
        pages = await tx.execute(sa.text("SELECT count(*) FROM frontier WHERE visits = 0"))
        checks = await tx.execute(sa.text("SELECT count(*) FROM checks WHERE done_at IS NULL"))
        return pages.scalar_one() == checks.scalar_one() == 0


def too_close(web: LoggedWeb) -> list[str]:
    return [
        f"{one.host}{one.path} by {one.agent[:40]} after {gap:.3f} s"
        for one, gap in web.gaps()
        if gap < delay_s(one.host) - TOLERANCE_S
    ]


@pytest.mark.chaos
async def test_no_host_sees_two_requests_too_close_and_nothing_is_lost_when_one_of_three_is_killed(
    env: dict[str, str], web: LoggedWeb, database: Database, tmp_path: Path
) -> None:
    await watch(database, web)
    async with crawlers(env, tmp_path, *NAMES) as three:
        await _kill_in_the_middle_of_it(three, web)
        await ask_for_checks(env, web)
        await eventually(lambda: every_page(web) <= {(one.host, one.path) for one in web.seen}, 40)
        await eventually(lambda: all_is_done(database), 20)
    assert too_close(web) == []
    asked_by = {name for name in NAMES if web.asked(f"{name}@")}
    assert asked_by == set(NAMES)
    assert web.asked("Mozilla") >= len(CHECKED)  # the checks' second vantage


async def _kill_in_the_middle_of_it(three: Crawlers, web: LoggedWeb) -> None:
    """The one that has asked most, while it has hosts in hand; and start it again."""
    await eventually(lambda: all(web.asked(f"{name}@") for name in NAMES) and len(web.seen) > 12, 30)
    busiest = max(NAMES, key=lambda name: web.asked(f"{name}@"))
    await three.kill(busiest)
    await three.start(busiest)
