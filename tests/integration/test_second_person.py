"""What ends a hold or destroys is proposed by one person and done by another's word."""

from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import uuid4

import pytest

from services.gateway.audit import Action
from services.gateway.casefile import open_file
from services.gateway.web import application
from shared.clock import ManualClock
from shared.events import EvidenceOrdered, OrderKind
from tests.support.gateway import make_desk
from tests.support.outbox import told
from tests.support.visitors import add_agency, browser, program, seat

OTHER = "harbour"
PEOPLE = (
    ("one", "senior-reviewer", "home"),
    ("two", "supervisor", "home"),
    ("reviewer", "reviewer", "home"),
    ("auditor", "auditor", "home"),
    ("stranger", "supervisor", OTHER),
)


@pytest.fixture(scope="module")
async def room(migrated_once, tmp_path_factory):
    add_agency(migrated_once.owner_url, OTHER)
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path_factory.mktemp("gateway"), ManualClock())
    app = application(desk.parts)
    async with AsyncExitStack() as stack:
        tokens = {name: await seat(desk, name, role, agency) for name, role, agency in PEOPLE}
        people = {name: await stack.enter_async_context(program(app, token)) for name, token in tokens.items()}
        yield desk, people, app, tokens
    await desk.database.close()


async def ordered(client, case, **more):
    order = {"kind": "destroy", "why": "The court ordered it.", "basis": "Article 1", "order_id": str(uuid4())}
    return await client.post(f"/api/cases/{case}/orders", json=order | more)


async def orders_of(desk, case):
    return [event for event in await told(desk.database, EvidenceOrdered) if event.case_id == case]


async def test_destruction_is_proposed_confirmed_and_ordered_in_both_names(room) -> None:
    desk, people, *_ = room
    story = await desk.awaiting_review(f"post/{uuid4()}")
    placed = await ordered(people["one"], story.case)
    assert placed.status_code == 202
    number = placed.json()["order_id"]
    assert await orders_of(desk, story.case) == []
    own = await people["one"].post(f"/api/confirmations/{number}/confirm")
    assert (own.status_code, own.json()["errors"][0]["code"]) == (403, "four-eyes")
    foreign = await people["stranger"].post(f"/api/confirmations/{number}/confirm")
    assert (foreign.status_code, foreign.json()["errors"][0]["code"]) == (404, "no-confirmation")
    lacks = await people["auditor"].post(f"/api/confirmations/{number}/confirm")
    assert (lacks.status_code, lacks.json()["errors"][0]["code"]) == (403, "no-right")
    assert await orders_of(desk, story.case) == []
    done = await people["two"].post(f"/api/confirmations/{number}/confirm")
    assert (done.status_code, done.json()["outcome"]) == (200, "confirmed")
    (event,) = await orders_of(desk, story.case)
    assert (event.kind, str(event.order_id)) == (OrderKind.DESTROY, number)
    item = done.json()
    assert event.by == f"{item['proposed_by']} + {item['ended_by']}"
    actions = [line.action for line in (await open_file(desk.database, story.case)).history]
    assert actions[-3:] == [Action.CONFIRMATION_ASKED, Action.CONFIRMED, Action.ORDERED]
    again = await people["two"].post(f"/api/confirmations/{number}/confirm")
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "confirmation-over")


async def test_a_number_is_of_one_proposal_and_who_confirms_sees_what_it_is(room) -> None:
    _, people, *_ = room
    asked = {"confirmation_id": str(uuid4()), "why": "For the audit.", "since": "2026-01-01T00:00:00Z"}
    for name, changed, status in (
        ("auditor", {}, 202),
        ("auditor", {}, 202),
        ("auditor", {"since": None}, 409),
        ("two", {}, 409),
        ("stranger", {}, 409),
    ):
        assert (await people[name].post("/api/audit/exports", json=asked | changed)).status_code == status
    items = (await people["two"].get("/api/confirmations")).json()["items"]
    (item,) = [one for one in items if one["confirmation_id"] == asked["confirmation_id"]]
    assert item["details"] == {"since": asked["since"]}


async def test_a_reviewer_cannot_even_propose_it(room) -> None:
    desk, people, *_ = room
    story = await desk.awaiting_review(f"post/{uuid4()}")
    answer = await ordered(people["reviewer"], story.case)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "no-right")


async def test_it_is_refused_withdrawn_or_over_and_then_never_done(room) -> None:
    desk, people, *_ = room
    story = await desk.awaiting_review(f"post/{uuid4()}")
    first, second, third = [(await ordered(people["one"], story.case)).json()["order_id"] for _ in range(3)]
    assert (await people["two"].post(f"/api/confirmations/{first}/refuse")).json()["outcome"] == "refused"
    assert (await people["one"].post(f"/api/confirmations/{second}/refuse")).json()["outcome"] == "withdrawn"
    desk.parts.clock.advance(timedelta(days=7).total_seconds())
    for number in (first, second, third):
        late = await people["two"].post(f"/api/confirmations/{number}/confirm")
        assert late.status_code in (401, 409)
    assert await orders_of(desk, story.case) == []


async def test_the_page_offers_it_to_the_other_person_alone(room) -> None:
    desk, _, app, _ = room
    names = [f"{role}-{uuid4().hex[:6]}" for role in ("one", "two")]
    tokens = [await seat(desk, name, "supervisor") for name in names]
    story = await desk.awaiting_review(f"post/{uuid4()}")
    async with browser(app, tokens[0]) as one, browser(app, tokens[1]) as two:
        form = {"kind": "destroy", "order_id": str(uuid4()), "why": "A wish.", "basis": "Article 2"}
        placed = await one.post(f"/cases/{story.case}/orders", data=form)
        assert placed.headers["location"].startswith("/confirmations#c-")
        number = placed.headers["location"].partition("#c-")[2]
        address = f"/confirmations/{number}/confirm"
        assert address not in (await one.get("/confirmations")).text
        page = (await two.get("/confirmations")).text
        assert address in page
        assert "Article 2" in page  # what exactly is confirmed
        assert (await two.post(address)).status_code == 303
    assert [event.kind for event in await orders_of(desk, story.case)] == [OrderKind.DESTROY]
