"""The victim's door without scripts: the form, number and PIN, what becomes of a report, what its maker can do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from services.gateway.agencies.scoping import EVERYTHING
from services.gateway.door.house import House, HouseFile
from services.gateway.door.linking import unreached
from services.gateway.door.texts import LANGUAGES, WORDS
from services.gateway.door.watching import Watch
from services.gateway.web import application
from shared.clock import ManualClock
from shared.events import ContentFlagged, Envelope, PageReported, PageUnreached, RemovalVerified
from shared.identity import case_id, identity
from tests.support.gateway import Desk, Story, make_desk
from tests.support.stack import Migrated

HOUSE = House(
    file=HouseFile.model_validate(
        {
            "phones": [{"name": {"en": "Stand-in line", "ko": "예시 전화"}, "number": "000-0000", "urgent": True}],
            "partners": [
                {"id": "centre", "name": {"en": "Stand-in centre"}, "services": ["counselling"], "accounts": ["centre"]}
            ],
        }
    )
)
URL = "http://harbour-board.en.test/post/{}"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 22, 12, tzinfo=UTC))


@pytest.fixture
async def desk(migrated_once: Migrated, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Desk]:
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path, clock)
    desk.parts = replace(desk.parts, house=HOUSE)
    yield desk
    await desk.database.close()


@asynccontextmanager
async def browser(desk: Desk, address: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody's, from a place of their own."""
    address = address or f"10.{uuid4().int % 250}.{uuid4().int % 250}.{uuid4().int % 250}"
    transport = httpx.ASGITransport(application(desk.parts), client=(address, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        client.headers["Accept-Language"] = "en"
        yield client


@pytest.fixture
async def person(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(desk) as client:
        yield client


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def filled(**fields: object) -> dict[str, object]:
    return {"source": "victim", "what": "shared", "consent": ["process"], **fields}


async def reported(person: httpx.AsyncClient, *urls: str, **fields: object) -> tuple[str, str]:
    """Number and PIN."""
    form = await person.get("/report/new")
    answer = await person.post("/report", data=filled(token=hidden(form, "token"), urls="\n".join(urls), **fields))
    assert answer.status_code == 200, answer.text
    number, pin = re.search(r'id="number">([\d-]+)<', answer.text), re.search(r'id="pin">(\d+)<', answer.text)
    assert number and pin
    return number[1], pin[1]


async def status(person: httpx.AsyncClient, number: str, pin: str) -> httpx.Response:
    return await person.post("/report/status", data={"number": number, "pin": pin})


async def told(desk: Desk, topic: str) -> list[str]:
    async with desk.database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT value FROM outbox WHERE topic = :topic ORDER BY position"), {"topic": topic})
        return [bytes(row.value).decode() for row in rows]


async def test_a_report_is_received_found_sent_and_removed(desk: Desk, person: httpx.AsyncClient) -> None:
    story = Story.of("post/door-1")
    url = URL.format("door-1")
    number, pin = await reported(person, f"Look at this: {url}?utm_source=app.")
    assert any(str(case_id(url)) in value for value in await told(desk, PageReported.topic.name))
    seen = await status(person, number, pin)
    assert "Received. We look at it soon." in seen.text and url in seen.text
    await desk.tell(story.flagged.model_copy(update={"reports": (await page_of(desk, url),)}))
    assert "Found. We keep proof" in (await status(person, number, pin)).text
    async with desk.database.transaction() as tx:
        row = (await tx.execute(sa.text("SELECT reports, reported_at FROM cases WHERE case_id = :c"), {"c": story.case})).one()
    assert row.reports == 1 and row.reported_at
    gone = story.flagged.flagged_at + timedelta(hours=1)
    await desk.tell(RemovalVerified(case_id=story.case, url=url, first_gone_at=gone, verified_at=gone, checks=2))
    assert "Removed. We keep looking" in (await status(person, number, pin)).text


async def page_of(desk: Desk, url: str) -> UUID:
    async with desk.database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT page_id FROM reported_pages WHERE url = :url"), {"url": url})
        return rows.scalars().one()  # type: ignore[no-any-return]  # a column of uuids
