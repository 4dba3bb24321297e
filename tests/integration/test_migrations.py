"""The one history goes up and down, and leaves each service alone in its own schema."""

import asyncio
import sys

import psycopg
import pytest
import sqlalchemy as sa

from deploy.local.access import libpq_url
from migrations import runner
from migrations.compatible import breaks
from migrations.runner import downgrade, upgrade
from migrations.schema import describe, released, revision
from services import SERVICES
from shared.database import Database
from shared.failures import Transient
from shared.version import SCHEMA


def tables(url: str) -> dict[str, set[str]]:
    with psycopg.connect(libpq_url(url)) as connection:
        rows = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)", [list(SERVICES)]
        ).fetchall()
    found: dict[str, set[str]] = {}
    for schema, table in rows:
        found.setdefault(schema, set()).add(table)
    return found


async def test_up_down_and_up_again_is_the_same(postgres_url):
    await asyncio.to_thread(upgrade, postgres_url)
    first = await asyncio.to_thread(tables, postgres_url)
    assert set(first) == set(SERVICES)
    assert all({"inbox", "outbox"} <= names for names in first.values())
    await asyncio.to_thread(downgrade, postgres_url, "base")
    assert await asyncio.to_thread(tables, postgres_url) == {}
    await asyncio.to_thread(upgrade, postgres_url)
    assert await asyncio.to_thread(tables, postgres_url) == first


async def test_processes_that_upgrade_at_once_upgrade_once(postgres_url):
    command = [sys.executable, "-c", f"from migrations.runner import upgrade; upgrade({postgres_url!r})"]
    started = [await asyncio.create_subprocess_exec(*command) for _ in range(3)]
    assert [await process.wait() for process in started] == [0, 0, 0]
    assert set(await asyncio.to_thread(tables, postgres_url)) == set(SERVICES)


async def test_every_step_can_be_taken_back(postgres_url):
    await asyncio.to_thread(upgrade, postgres_url)
    for step in ("0007", "0006", "0005", "0004", "0003", "0002", "0001"):
        await asyncio.to_thread(downgrade, postgres_url, step)


def looked_at(url: str) -> tuple[str, dict[str, dict[str, object]]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return revision(connection), describe(connection, SERVICES)


@pytest.mark.parametrize("version", released())
async def test_the_code_of_a_release_works_on_the_schema_of_today(migrated, version):
    """So that services are replaced one by one, and the old image can come back: `docs/operations.md`."""
    _, now = await asyncio.to_thread(looked_at, migrated.owner_url)
    assert list(breaks(released()[version], now)) == []


async def test_what_is_newer_than_the_last_release_goes_while_services_work_and_back(migrated):
    """The frozen description is that of its revision; a service's statements in between find all they need."""
    last = list(released().values())[-1]
    url, stopping = migrated.owner_url, asyncio.Event()
    worked = asyncio.create_task(work(migrated.dsn_for("crawler"), stopping))
    await asyncio.to_thread(downgrade, url, last["revision"])
    at, now = await asyncio.to_thread(looked_at, url)
    await asyncio.to_thread(upgrade, url)
    stopping.set()
    assert await worked > 0
    assert (at, now) == (last["revision"], last["tables"])


async def work(url: str, stopping: asyncio.Event) -> int:
    """As the released crawler would, in transactions that leave nothing behind; how many."""
    done = 0
    connection = await psycopg.AsyncConnection.connect(libpq_url(url))
    async with connection:
        while not stopping.is_set():
            await connection.execute("SELECT url, last_digest, kind FROM frontier LIMIT 1")
            await connection.execute("INSERT INTO inbox (event_id, event_type) VALUES (gen_random_uuid(), 'test')")
            await connection.rollback()
            await asyncio.sleep(0)
            done += 1
    return done


async def test_a_migration_waits_for_whoever_holds_what_it_needs(migrated, monkeypatch):
    """And holds up nobody for longer than `LONGEST_WAIT` at a time, whatever else it has done stays done."""
    monkeypatch.setattr(runner, "PAUSE_S", 0.0)
    tried, url = [], migrated.owner_url
    async with await psycopg.AsyncConnection.connect(libpq_url(url)) as holding:
        await holding.execute("LOCK TABLE public.alembic_version IN ACCESS SHARE MODE")

        def work_once() -> None:
            tried.append(1)
            if len(tried) == 1:
                with psycopg.connect(libpq_url(url)) as other:
                    other.execute("SET lock_timeout = '10ms'")
                    try:
                        other.execute("LOCK TABLE public.alembic_version IN ACCESS EXCLUSIVE MODE")
                    except psycopg.errors.LockNotAvailable as error:
                        raise sa.exc.OperationalError("LOCK", None, error) from error

        await asyncio.to_thread(runner._patiently, work_once)
    assert len(tried) == 2


async def test_a_service_waits_for_the_schema_that_it_needs_and_does_not_mind_a_newer_one(migrated):
    at = Database(migrated.dsn_for("notifier"), "/test", needs=SCHEMA)
    await at.ready()
    older = Database(migrated.dsn_for("notifier"), "/test", needs="0001")
    await older.ready()
    newer = Database(migrated.dsn_for("notifier"), "/test", needs="9999")
    with pytest.raises(Transient, match=f"at revision {SCHEMA}, this version needs 9999: `haetae migrate`"):
        await newer.ready()
    await asyncio.to_thread(downgrade, migrated.owner_url, "0042")
    with pytest.raises(Transient, match="at revision unknown"):
        await at.ready()
    for database in (at, older, newer):
        await database.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_sees_its_own_schema_only(migrated, service):
    with psycopg.connect(libpq_url(migrated.dsn_for(service)), autocommit=True) as connection:
        connection.execute("SELECT count(*) FROM outbox")
        for other in set(SERVICES) - {service}:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT count(*) FROM {other}.outbox")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")
