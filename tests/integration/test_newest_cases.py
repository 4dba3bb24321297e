"""Lists of all and of closed cases: what is open first, then the newest; at any size from the index."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import registry

from benchmarks.queueing.filling import fill
from deploy.local.access import libpq_url
from services.gateway import counting
from services.gateway.accounts import create_account
from services.gateway.agencies.scoping import AGENCY, HOME
from services.gateway.claims.asked import wanted_of
from services.gateway.domain import State
from services.gateway.listing import Page, ordered, page
from services.gateway.store import Case
from services.gateway.web import application
from tests.support.gateway import PASSWORD, Desk, make_desk
from tests.support.stack import Migrated

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
# By hours before noon; an old case has the higher rank.
CASES = {
    "removed-old": (State.REMOVED, 40), "waits-new": (State.DRAFTED, 1), "rejected-new": (State.REJECTED, 2),
    "sent-old": (State.SENT, 30), "never-found": (State.FOUND, None), "removed-newer": (State.REMOVED, 3),
}  # fmt: skip


@pytest.fixture
async def desk(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    made = make_desk(migrated.dsn_for("gateway"), tmp_path)
    yield made
    await made.database.close()


async def put(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        for title, (state, hours) in CASES.items():
            found = None if hours is None else NOON - timedelta(hours=hours)
            changed = NOON - timedelta(hours=10) if found is None else NOON
            values = {"case_id": uuid4(), "agency": HOME, "state": state, "rank": float(hours or 0), "title": title}
            ended = NOON if state == State.REMOVED else None
            await tx.execute(sa.insert(Case).values(**values, found_at=found, updated_at=changed, removed_at=ended))


async def shown(desk: Desk, view: str, after: str | None = None, limit: int = 50) -> Page:
    async with desk.database.scoped({AGENCY: HOME}).transaction() as tx:
        return await page(tx, wanted_of({"view": view}, HOME, "kim", after, limit))


async def test_what_is_open_comes_before_what_is_closed_and_the_newest_of_each_first(desk: Desk) -> None:
    await put(desk)
    of_all = [row["title"] for row in (await shown(desk, "all")).rows]
    assert of_all == ["waits-new", "never-found", "sent-old", "rejected-new", "removed-newer", "removed-old"]
    of_closed = [row["title"] for row in (await shown(desk, "closed")).rows]
    assert of_closed == ["rejected-new", "removed-newer", "removed-old"]


async def test_a_closed_case_says_since_when(desk: Desk) -> None:
    await put(desk)
    await create_account(desk.database, "kim", PASSWORD, ["reviewer"])
    transport = httpx.ASGITransport(application(desk.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        answer = await client.post("/api/login", json={"login": "kim", "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        page_shown = (await client.get("/?view=closed", headers={"Accept-Language": "en"})).text
    assert page_shown.count('<small>closed</small> <time datetime="2026-11-01T12:00:00+00:00"') == 2


@pytest.mark.parametrize("view", ["all", "closed"])
async def test_pages_go_on_where_the_last_one_ended(desk: Desk, view: str) -> None:
    await put(desk)
    whole, after = [row["case_id"] for row in (await shown(desk, view)).rows], None
    for case_id in whole:
        found = await shown(desk, view, after, limit=1)
        assert [row["case_id"] for row in found.rows] == [case_id]
        after = found.next
    assert after is None


async def test_a_list_of_many_and_their_counts_come_from_an_index(migrated: Migrated, desk: Desk) -> None:
    fill(libpq_url(migrated.owner_url), 20_000)
    with psycopg.connect(libpq_url(migrated.owner_url), autocommit=True) as owner:
        owner.execute("UPDATE gateway.cases SET state = 'removed' WHERE abs(hashtext(case_id::text)) % 10 < 8")
        owner.execute("VACUUM ANALYZE gateway.cases")
    first = await shown(desk, "all", limit=5)
    for view in ("all", "closed"):
        for after in (None, first.next):
            statement = ordered(wanted_of({"view": view}, HOME, "kim", after, 50), NOON)
            plan = await explained(desk, statement)
            assert "Index Scan Backward using cases_newest" in plan, plan
            assert "Sort" not in plan, plan
    async with desk.database.scoped({AGENCY: HOME}).transaction() as tx:
        by_state = await counting.counts(tx, HOME)
    assert sum(by_state.values()) == 18_000
    assert "Index Only Scan" in await explained(desk, counting.by_state(HOME))


async def explained(desk: Desk, statement: sa.SelectBase) -> str:
    said = str(statement.compile(dialect=registry.load("postgresql.psycopg")(), compile_kwargs={"literal_binds": True}))
    async with desk.database.scoped({AGENCY: HOME}).transaction() as tx:
        rows = (await tx.execute(sa.text("EXPLAIN " + said.replace(":", "\\:")))).all()
    return "\n".join(str(row[0]) for row in rows)
