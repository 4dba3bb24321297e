"""Several people before one gateway, over the real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import sqlalchemy as sa

from services.gateway.accounts import Account, enter
from services.gateway.care import exposure
from services.gateway.sessions import Kind, open_session
from services.gateway.store import Case
from services.gateway.throttle import Knock
from services.gateway.web import application
from shared.clock import ManualClock
from shared.events import NoticeBounced
from shared.events.examples import EXAMPLES
from tests.support.gateway import Desk, Story, make_desk


@dataclass
class Staff:
    """Several people before one gateway."""

    desk: Desk
    http: httpx.AsyncClient
    clock: ManualClock
    tokens: dict[str, str]

    async def person(self, login: str, *roles: str) -> Account:
        async with self.desk.database.transaction() as tx:
            return await tx.get(Account, login) or await enter(tx, login, list(roles) or ["reviewer"], "test")

    async def token(self, account: Account) -> str:
        if account.login not in self.tokens:
            async with self.desk.database.transaction() as tx:
                opened = await open_session(tx, account, Kind.PROGRAM, Knock("192.0.2.1"))
            self.tokens[account.login] = opened.token
        return self.tokens[account.login]

    async def ask(self, account: Account, method: str, path: str, **more: object) -> httpx.Response:
        head = {"Authorization": f"Bearer {await self.token(account)}"}
        return await self.http.request(method, path, headers=head, **more)  # type: ignore[arg-type]  # as httpx takes it

    async def look(self, login: str, case_id: UUID, kind: str) -> None:
        async with self.desk.database.transaction() as tx:
            await exposure.note(tx, login, case_id, kind, tx.clock.now())

    async def decided(self, post: str, by: str, verdict: str = "approved") -> UUID:
        """A case as it is after a person's verdict."""
        story = Story.of(post)
        await self.desk.tell(story.flagged, story.sealed, story.drafted)
        changes = {"verdict": verdict, "reviewer": by, "decided_at": self.clock.now(), "scripted": False}
        async with self.desk.database.transaction() as tx:
            await tx.execute(sa.update(Case).where(Case.case_id == story.case).values(**changes))
        return story.case

    async def outbox(self) -> Sequence[str]:
        async with self.desk.database.transaction() as tx:
            return [row[0] for row in await tx.execute(sa.text("SELECT topic FROM outbox"))]


@asynccontextmanager
async def a_staff(dsn: str, folder: Path) -> AsyncIterator[Staff]:
    clock = ManualClock(EXAMPLES[NoticeBounced].bounced_at)  # type: ignore[attr-defined]  # of that event
    desk = make_desk(dsn, folder, clock)
    async with desk.database.transaction() as tx:
        for table in ("care_ledger", "care_defaults", "blind_looks", "blind_doubts", "golden_cases", "outbox"):
            await tx.execute(sa.text(f"DELETE FROM {table}"))  # names from the line above
    transport = httpx.ASGITransport(application(desk.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        http.headers["Accept-Language"] = "en"
        yield Staff(desk, http, clock, {})
    await desk.database.close()
