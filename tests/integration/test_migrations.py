"""The one history goes up and down, and leaves each service alone in its own schema."""

import asyncio
import sys

import psycopg
import pytest

from deploy.local.access import libpq_url
from migrations.runner import downgrade, upgrade
from services import SERVICES


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
    for revision in ("0007", "0006", "0005", "0004", "0003", "0002", "0001"):
        await asyncio.to_thread(downgrade, postgres_url, revision)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_sees_its_own_schema_only(migrated, service):
    with psycopg.connect(libpq_url(migrated.dsn_for(service)), autocommit=True) as connection:
        connection.execute("SELECT count(*) FROM outbox")
        for other in set(SERVICES) - {service}:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT count(*) FROM {other}.outbox")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")
