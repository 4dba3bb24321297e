"""A case goes to another agency while something else happens to it."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from services.gateway.agencies.scoping import AGENCY, HOME
from services.gateway.cases import known
from services.gateway.deciding.finishing import finish_next
from services.gateway.deciding.store import Pending
from services.gateway.live.feed import Change
from services.gateway.store import AuditLine, Case
from services.gateway.web import application
from shared.clock import ManualClock
from tests.support.gateway import make_desk
from tests.support.poll import eventually
from tests.support.visitors import add_agency, program, seat

OTHER = "harbour"
WINDOW = timedelta(seconds=10)
PEOPLE = {"giver": HOME, "second": HOME, "taker": OTHER}
BLOCKED = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture(scope="module")
async def room(migrated_once, tmp_path_factory):
    add_agency(migrated_once.owner_url, OTHER)
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path_factory.mktemp("gateway"), ManualClock())
    desk.parts = replace(desk.parts, undo=WINDOW)
    app = application(desk.parts)
    async with AsyncExitStack() as stack:
        people = {}
        for name, agency in PEOPLE.items():
            token = await seat(desk, f"midway-{name}", "supervisor", agency)
            people[name] = await stack.enter_async_context(program(app, token))
        yield desk, people
    await desk.database.close()


async def offered(people, case) -> str:
    given = {"to": OTHER, "why": "The person concerned lives there."}
    answer = await people["giver"].post(f"/api/cases/{case}/transfers", json=given)
    return str(answer.json()["transfer_id"])


async def given_away(people, case) -> None:
    answer = await people["taker"].post(f"/api/transfers/{await offered(people, case)}/accept")
    assert answer.status_code == 200, answer.text


async def test_a_verdict_that_waits_ends_with_the_case_and_neither_waits_for_the_other(room) -> None:
    """Whoever finishes a verdict locks it and then the case; who accepts must not do it the other way round."""
    desk, people = room
    story = await desk.awaiting_review(f"post/{uuid4()}")
    verdict = {"verdict": "rejected", "note": "It is gone."}
    assert (await people["giver"].post(f"/api/cases/{story.case}/decision", json=verdict)).status_code in (200, 202)
    number = await offered(people, story.case)
    waits = sa.select(Pending).where(Pending.case_id == story.case)
    async with desk.database.transaction() as tx:
        await tx.scalars(waits.with_for_update())
        accepting = asyncio.create_task(people["taker"].post(f"/api/transfers/{number}/accept"))

        async def blocked() -> bool:
            assert not accepting.done(), accepting.result().text
            return bool((await tx.execute(BLOCKED)).scalar_one())

        await eventually(blocked)
        await known(tx, story.case)
    assert (await accepting).status_code == 200
    desk.parts.clock.advance(60)
    assert not await finish_next(desk.database, desk.parts.approvals)
    async with desk.database.transaction() as tx:
        (pending,) = await tx.scalars(waits)
        case = await tx.get(Case, story.case)
        assert (pending.outcome, case.agency, case.verdict, case.state) == ("transferred", OTHER, None, "drafted")
        told = sa.select(Change.agency, Change.kind).where(Change.case_id == story.case)
        shown = (await tx.execute(told.order_by(Change.xid, Change.position))).all()
        assert shown[-2:] == [(HOME, "gone"), (OTHER, "waiting")]  # open pages of the giver do not keep its row


async def test_nobody_confirms_for_a_case_that_was_given_away(room) -> None:
    desk, people = room
    story = await desk.awaiting_review(f"post/{uuid4()}")
    order = {"kind": "destroy", "why": "The court ordered it.", "basis": "Article 1", "order_id": str(uuid4())}
    number = (await people["giver"].post(f"/api/cases/{story.case}/orders", json=order)).json()["order_id"]
    await given_away(people, story.case)
    confirmed = await people["second"].post(f"/api/confirmations/{number}/confirm")
    assert (confirmed.status_code, confirmed.json()["errors"][0]["code"]) == (404, "no-case")
    assert (await people["second"].post(f"/api/confirmations/{number}/refuse")).status_code == 200
    lines = await people["taker"].get(f"/api/cases/{story.case}")
    assert lines.status_code == 200
    async with desk.database.scoped({AGENCY: OTHER}).transaction() as tx:
        actions = await tx.scalars(sa.select(AuditLine.action).where(AuditLine.chain == story.case))
    assert "confirmation-refused" not in actions  # of the giver's own affair nothing is written into the taker's case
