"""The victim's door over a real database, seen by somebody without an account and by a counsellor."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import sqlalchemy as sa

from services.gateway import history
from services.gateway.accounts import Account, create_account
from services.gateway.door.house import House, HouseFile
from services.gateway.verdict import Decision
from services.gateway.web import application
from shared.clock import ManualClock
from shared.events import Event, Verdict
from tests.support.gateway import PASSWORD, Desk, Story, decide, make_desk

COUNSELLOR, REVIEWER, POLICE, CENTRE = "han", "kim", "police", "centre"
ACCOUNTS = {COUNSELLOR: ["counsellor"], REVIEWER: ["reviewer"], POLICE: ["counsellor"], CENTRE: ["counsellor"]}
URL = "http://harbour-board.en.test/post/{}"
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


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


@dataclass
class Door:
    """`person`: a browser from a place of its own."""

    desk: Desk
    clock: ManualClock
    person: httpx.AsyncClient

    def house(self, **changes: Any) -> None:
        """For browsers that are opened from now on."""
        self.desk.parts = replace(self.desk.parts, house=replace(self.desk.parts.house, **changes))

    @asynccontextmanager
    async def browser(self, address: str) -> AsyncIterator[httpx.AsyncClient]:
        async with client(self.desk, address) as opened:
            yield opened

    def filled(self, **fields: object) -> dict[str, Any]:
        return {"source": "victim", "what": "shared", "consent": ["process"], **fields}

    async def send(self, person: httpx.AsyncClient, *urls: str, **fields: object) -> httpx.Response:
        form = await person.get("/report/new")
        token = hidden(form, "token") if form.status_code == 200 else "x" * 43
        return await person.post("/report", data=self.filled(token=token, urls="\n".join(urls), **fields))

    async def report(self, *urls: str, **fields: object) -> tuple[str, str]:
        """Number and PIN."""
        async with self.browser(a_place()) as person:
            answer = await self.send(person, *urls, **fields)
        assert answer.status_code == 200, answer.text
        number, pin = re.findall(r'id="(?:number|pin)">([\d-]+)<', answer.text)
        return number, pin

    async def status(self, number: str, pin: str) -> httpx.Response:
        return await self.person.post("/report/status", data={"number": number, "pin": pin})

    async def act(self, page: httpx.Response, what: str, **fields: object) -> httpx.Response:
        return await self.person.post(f"/report/status/{what}", data={"pass": hidden(page, "pass"), **fields})

    async def hand_in(self, page: httpx.Response, data: bytes) -> httpx.Response:
        files = {"document": ("letter.pdf", data, "application/pdf")}
        return await self.person.post("/report/status/document", data={"pass": hidden(page, "pass")}, files=files)

    async def rows(self, statement: str, **values: object) -> list[Any]:
        async with self.desk.database.transaction() as tx:
            return list((await tx.execute(sa.text(statement), values)).all())

    async def page(self, url: str) -> UUID:
        (row,) = await self.rows("SELECT page_id FROM reported_pages WHERE url = :url", url=url)
        return UUID(str(row.page_id))

    async def told(self, kind: type[Event]) -> list[str]:
        rows = await self.rows("SELECT value FROM outbox WHERE topic = :topic", topic=kind.topic.name)
        return [bytes(row.value).decode() for row in rows]

    async def history(self, number: str) -> list[str]:
        (row,) = await self.rows("SELECT report_id FROM reports WHERE number = :n", n=number.replace("-", ""))
        async with self.desk.database.transaction() as tx:
            lines, broken = await history.read(tx, row.report_id)
        assert broken is None
        return [line.action for line in lines]

    async def opened(self, number: str) -> dict[str, str]:
        why = {"why": "the person asked to be called"}
        async with program(self.desk, COUNSELLOR) as counsellor:
            answer = await counsellor.post(f"/api/desk/reports/{number}/contact", json=why)
        assert answer.status_code == 200, answer.text
        told: dict[str, str] = answer.json()
        return told

    async def document(self, number: str) -> httpx.Response:
        async with program(self.desk, COUNSELLOR) as counsellor:
            detail = (await counsellor.get(f"/api/desk/reports/{number}")).json()
            path = f"/api/desk/reports/{number}/documents/{detail['documents'][0]['document_id']}"
            return await counsellor.post(path, json={"why": "checking who may ask"})

    async def approve(self, story: Story, category: str) -> None:
        """The verdict of a person on a case of this category."""
        async with self.desk.database.transaction() as tx:
            await tx.execute(
                sa.text("UPDATE cases SET category = :category WHERE case_id = :case"),
                {"category": category, "case": story.case},
            )
        chosen = {notice.notice_id: notice.sha256 for notice in story.notices}
        decision = Decision(Verdict.APPROVED, chosen, note="")
        async with self.desk.database.transaction() as tx:
            account = await tx.get(Account, REVIEWER)
        assert account
        await decide(self.desk.database, self.desk.parts.approvals, story.case, decision, account)


@asynccontextmanager
async def a_door(dsn: str, folder: Path) -> AsyncIterator[Door]:
    clock = ManualClock(datetime(2026, 11, 22, 12, tzinfo=UTC))
    desk = make_desk(dsn, folder, clock)
    desk.parts = replace(desk.parts, house=HOUSE)
    for login, roles in ACCOUNTS.items():
        async with desk.database.transaction() as tx:
            known = await tx.get(Account, login)
        if known is None:  # else of an earlier test on the same database
            await create_account(desk.database, login, PASSWORD, roles)
    async with client(desk, a_place()) as person:
        yield Door(desk, clock, person)
    await desk.database.close()


def a_place() -> str:
    number = uuid4().int
    return f"10.{number % 250}.{number // 250 % 250}.{number // 62_500 % 250}"


@asynccontextmanager
async def client(desk: Desk, address: str) -> AsyncIterator[httpx.AsyncClient]:
    app = application(desk.parts)
    transport = httpx.ASGITransport(app, client=(address, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as opened:
        opened.headers["Accept-Language"] = "en"
        yield opened


@asynccontextmanager
async def program(desk: Desk, login: str) -> AsyncIterator[httpx.AsyncClient]:
    async with client(desk, a_place()) as opened:
        answer = await opened.post("/api/login", json={"login": login, "password": PASSWORD})
        opened.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        opened.cookies.clear()
        yield opened
