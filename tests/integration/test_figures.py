"""Figures over the real database: counted as it changes, once; pages, CSV, API; public months."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from services.gateway.accounts import Account, enter
from services.gateway.figures import publishing
from services.gateway.figures.reading import Period, Sums, read
from services.gateway.figures.rolling import OVERLAP, START, batch, catch_up
from services.gateway.figures.store import FigureCase, FigureCell, FigureCursor, PublishedMonth
from services.gateway.sessions import Kind, open_session
from services.gateway.store import Case
from services.gateway.throttle import Knock
from services.gateway.web import application
from shared.clock import ManualClock
from shared.database import Database
from shared.events import NoticeSent
from shared.events.examples import EXAMPLES
from tests.support.gateway import Desk, Story, make_desk
from tests.support.stack import Migrated

NUMBERS = count()
FOUND = datetime(2026, 9, 7, 9, tzinfo=UTC)
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 9, 30))


@pytest.fixture
async def desk(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path, ManualClock(FOUND + timedelta(days=40)))
    owner = Database(migrated_once.owner_url, "/haetae/gateway", schema="gateway")
    async with owner.transaction() as tx:  # the history is append-only: cases of earlier tests stay, and say nothing
        for table in ("figure_cells", "figure_cases", "figure_cursor", "published_months", "notices"):
            await tx.execute(sa.text(f"DELETE FROM {table}"))  # names from the line above
        moments = ("found_at", "drafted_at", "decided_at", "sent_at", "removed_at", "reappeared_at", "verdict", "links")
        await tx.execute(sa.update(Case).values(dict.fromkeys(moments) | {"state": "found", "alarm": None}))
    await owner.close()
    yield desk
    await desk.database.close()


@pytest.fixture
async def http(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.database.transaction() as tx:
        head = await tx.get(Account, "head") or await enter(tx, "head", ["supervisor"], "test")
        opened = await open_session(tx, head, Kind.PROGRAM, Knock("192.0.2.1"))
    transport = httpx.ASGITransport(application(desk.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        client.headers.update({"Accept-Language": "en", "Authorization": f"Bearer {opened.token}"})
        yield client


async def removed_case(desk: Desk, post: str, hours: float = 24.0, **more: object) -> UUID:
    """Found on 7 September, sent two hours later, gone after so many hours."""
    story = Story.of(f"{post}-{next(NUMBERS)}")
    sent_at = FOUND + timedelta(hours=2)
    told = EXAMPLES[NoticeSent].model_copy(
        update={"case_id": story.case, "notice_id": story.notices[0].notice_id, "sent_at": sent_at}
    )
    await desk.tell(story.flagged, story.sealed, story.drafted, told)
    removed_at = FOUND + timedelta(hours=hours)
    changes: dict[str, Any] = {
        "found_at": FOUND, "drafted_at": FOUND + timedelta(hours=1), "decided_at": sent_at, "sent_at": sent_at,
        "removed_at": removed_at, "verified_at": removed_at, "verdict": "approved", "reviewer": "reviewer-1",
        "scripted": False, "state": "removed", "risk": 0.95, "agency": "home",
    }  # fmt: skip
    async with desk.database.transaction() as tx:
        await tx.execute(sa.update(Case).where(Case.case_id == story.case).values(changes | more))
    return story.case


async def september(desk: Desk, agency: str | None = "home") -> Sums:
    async with desk.database.transaction() as tx:
        return await read(tx, SEPTEMBER, agency)


async def cells(desk: Desk) -> Sequence[tuple[object, ...]]:
    async with desk.database.transaction() as tx:
        rows = await tx.scalars(sa.select(FigureCell).where(FigureCell.n != 0))
        names = [column.name for column in sa.inspect(FigureCell).columns]
        return sorted(tuple(str(getattr(row, name)) for name in names) for row in rows)


async def test_what_changed_is_counted_once_however_often_it_is_looked_at(desk: Desk) -> None:
    for n in range(3):
        await removed_case(desk, f"post/{n}")
    await catch_up(desk.database)
    once = await cells(desk)
    await catch_up(desk.database)
    async with desk.database.transaction() as tx:
        await tx.execute(sa.delete(FigureCursor))  # from the start again
    await catch_up(desk.database)
    assert await cells(desk) == once
    sums = await september(desk)
    assert (sums.count("found"), sums.count("removed"), sums.count("asked", "recipient", "harbour-board.en.test")) == (
        3, 3, 3,
    )  # fmt: skip
    assert sums.quantile(0.5, "found_to_removed") == pytest.approx(86400, rel=0.026)


async def test_what_is_told_later_takes_the_place_of_what_was_counted(desk: Desk) -> None:
    case_id = await removed_case(desk, "post/late")
    await catch_up(desk.database)
    async with desk.database.transaction() as tx:
        earlier = {"removed_at": FOUND + timedelta(hours=6), "updated_at": tx.clock.now()}
        await tx.execute(sa.update(Case).where(Case.case_id == case_id).values(**earlier))
    await catch_up(desk.database)
    sums = await september(desk)
    assert sums.count("removed") == 1
    assert sums.quantile(0.5, "found_to_removed") == pytest.approx(6 * 3600, rel=0.026)
    async with desk.database.transaction() as tx:
        sums_of = await tx.scalars(sa.select(sa.func.sum(FigureCell.n)).group_by(FigureCell.grain))
    assert len(set(sums_of)) == 1  # by day and by month the same


async def test_the_start_over_gives_the_same_sums_as_the_steps(desk: Desk) -> None:
    for n, hours in enumerate((1, 30, 400)):
        await removed_case(desk, f"post/{n}", hours)
    after, more = (START, UUID(int=0)), True
    with suppress(ConnectionAbortedError):
        async with desk.database.transaction() as tx:
            await batch(tx, None, at_once=2)
            raise ConnectionAbortedError  # dies before its commit: nothing is counted, and nothing passed over
    while more:
        async with desk.database.transaction() as tx:
            after, more = await batch(tx, after, at_once=1)
    stepwise = await cells(desk)
    async with desk.database.transaction() as tx:
        for model in (FigureCell, FigureCase, FigureCursor):
            await tx.execute(sa.delete(model))
    await catch_up(desk.database)
    assert await cells(desk) == stepwise != []


async def test_only_one_process_counts_at_a_time(desk: Desk) -> None:
    await removed_case(desk, "post/once")
    async with desk.database.transaction() as one, desk.database.transaction() as other:
        await batch(one, None)
        _, more = await batch(other, None)
        assert not more
    assert (await september(desk)).count("found") == 1


async def test_a_house_sees_its_own_figures_on_pages_and_by_programs(desk: Desk, http: httpx.AsyncClient) -> None:
    for n in range(3):
        await removed_case(desk, f"post/{n}")
    await catch_up(desk.database)
    async with desk.database.transaction() as tx:
        elsewhere = {"agency": "elsewhere", "grain": "day", "period": date(2026, 9, 7), "measure": "found",
                     "dimension": "", "value": "", "bucket": -1, "n": 1000}  # fmt: skip
        await tx.execute(sa.insert(FigureCell).values(elsewhere))
    page = await http.get("/figures?from=2026-09-01&to=2026-09-30")
    assert page.status_code == 200
    assert "1,000" not in page.text
    assert "harbour-board.en.test" in page.text
    charts = [part.partition("</svg>")[0] for part in page.text.split('<svg class="chart"')[1:]]
    assert len(charts) >= 4
    for chart in charts:
        drawn = ET.fromstring(f"<svg {chart}</svg>")  # our own page
        assert drawn.find("title") is not None
        assert drawn.find("desc") is not None
        assert drawn.get("role") == "img"
    assert "style=" not in page.text
    told = (await http.get("/api/figures?first=2026-09-01&last=2026-09-30")).json()
    tables = {table["name"]: table for table in told["tables"]}
    assert dict(tables["totals"]["rows"])["found"] == 3
    assert tables["agreement_band"]["rows"][0][:2] == ["very-high", 3]
    sheet = await http.get("/figures/recipients.csv?from=2026-09-01&to=2026-09-30")
    assert sheet.headers["content-type"].startswith("text/csv")
    assert "harbour-board.en.test,3,3," in sheet.text
    korean = await http.get("/figures?from=2026-09-01&to=2026-09-30", headers={"Accept-Language": "ko"})
    assert "단계별 소요 시간" in korean.text
    year = (await http.get("/api/figures?first=2025-10-15&last=2026-09-30")).json()
    assert year["first"] == "2025-10-01"
    assert dict(next(t for t in year["tables"] if t["name"] == "totals")["rows"])["found"] == 3
    assert (await http.get("/figures?to=0001-01-01")).status_code == 200


@pytest.mark.parametrize(
    ("query", "cure"),
    [
        ("from=tomorrow", "Write it as"),
        ("from=2026-09-02&to=2026-09-01", "Exchange the two dates"),
        ("from=1990-01-01", "at most 60 months"),
    ],
)
async def test_odd_periods_are_named(desk: Desk, http: httpx.AsyncClient, query: str, cure: str) -> None:
    answer = await http.get(f"/figures?{query}")
    assert answer.status_code == 422
    assert cure in answer.text
    assert (await http.get("/figures/nothing.csv")).status_code == 404


async def test_a_reviewer_sees_no_figures_and_everybody_sees_public_ones(desk: Desk, http: httpx.AsyncClient) -> None:
    async with desk.database.transaction() as tx:
        kim = await tx.get(Account, "kim") or await enter(tx, "kim", ["reviewer"], "test")
        opened = await open_session(tx, kim, Kind.PROGRAM, Knock("192.0.2.1"))
    refused = await http.get("/figures", headers={"Authorization": f"Bearer {opened.token}"})
    assert refused.status_code == 403
    del http.headers["Authorization"]
    assert (await http.get("/figures")).status_code == 303
    page = await http.get("/statistics")
    assert page.status_code == 200
    assert "Nothing is published yet" in page.text
    assert page.headers["cache-control"].startswith("public")
    assert "set-cookie" not in page.headers


async def test_a_month_is_public_some_days_after_its_end_and_never_changes(desk: Desk, http: httpx.AsyncClient) -> None:
    del http.headers["Authorization"]
    for n in range(12):
        await removed_case(desk, f"post/{n}", agency="home")
    await catch_up(desk.database)
    async with desk.database.transaction() as tx:
        await publishing.publish(tx)
    told = (await http.get("/api/statistics")).json()
    assert [(month["month"], month["totals"]["found"]) for month in told["months"]] == [("2026-09-01", 12)]
    assert sum(told["months"][0]["removed_by_kind"]["shown"].values()) == 12
    assert "harbour" not in (await http.get("/api/statistics")).text
    await removed_case(desk, "post/late")
    await catch_up(desk.database)
    async with desk.database.transaction() as tx:
        await publishing.publish(tx)
    assert (await http.get("/api/statistics")).json() == told
    assert "12" in (await http.get("/statistics")).text
    with pytest.raises(Exception, match="permission denied"):
        async with desk.database.transaction() as tx:
            await tx.execute(sa.update(PublishedMonth).values(body={}))
    off = httpx.ASGITransport(application(replace(desk.parts, statistics=False)))
    async with httpx.AsyncClient(transport=off, base_url="http://gateway.test") as closed:
        assert (await closed.get("/statistics")).status_code == 404
        assert (await closed.get("/api/statistics")).status_code == 404


async def test_nothing_is_public_of_a_month_that_is_counted_in_part(desk: Desk) -> None:
    """After an outage the counting has some way to go; what is public is never put right."""
    for n in range(12):
        await removed_case(desk, f"post/{n}")
    at(desk, FOUND + timedelta(days=41))
    async with desk.database.transaction() as tx:
        await batch(tx, None, at_once=5)
    async with desk.database.transaction() as tx:
        await publishing.publish(tx)
        assert await tx.scalars(sa.select(PublishedMonth)) == []
    await catch_up(desk.database)
    async with desk.database.transaction() as tx:
        await publishing.publish(tx)
        assert [row.body["totals"]["found"] for row in await tx.scalars(sa.select(PublishedMonth))] == [12]


async def test_what_changes_after_the_clock_was_set_back_is_counted(desk: Desk) -> None:
    case_id = await removed_case(desk, "post/back")
    await catch_up(desk.database)
    at(desk, desk.parts.clock.now() - timedelta(hours=6))
    async with desk.database.transaction() as tx:
        changed = {"removed_at": None, "state": "sent", "updated_at": tx.clock.now()}
        await tx.execute(sa.update(Case).where(Case.case_id == case_id).values(changed))
    await catch_up(desk.database)
    assert (await september(desk)).count("removed") == 0


async def test_what_was_counted_is_not_read_again_in_a_quiet_night(desk: Desk) -> None:
    await removed_case(desk, "post/quiet")
    await catch_up(desk.database)
    desk.parts.clock.advance(600)  # type: ignore[attr-defined]  # a manual one
    await catch_up(desk.database)
    async with desk.database.transaction() as tx:
        after, _ = await batch(tx, None)
    assert after == (desk.parts.clock.now() - OVERLAP, UUID(int=0))


async def test_this_month_is_not_public(desk: Desk) -> None:
    await removed_case(desk, "post/now")
    await catch_up(desk.database)
    at(desk, datetime(2026, 10, 3, tzinfo=UTC))
    async with desk.database.transaction() as tx:
        await publishing.publish(tx)
        assert await tx.scalars(sa.select(PublishedMonth)) == []


def at(desk: Desk, now: datetime) -> None:
    """The clock set, forward or back."""
    clock = desk.parts.clock
    assert isinstance(clock, ManualClock)
    clock.advance((now - clock.now()).total_seconds())
