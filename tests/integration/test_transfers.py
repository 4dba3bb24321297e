"""A case goes to another agency, with all that belongs to it."""

from contextlib import AsyncExitStack
from datetime import date
from uuid import uuid4

import pytest

from services.gateway.agencies.scoping import AGENCY, HOME
from services.gateway.agencies.store import Transfer
from services.gateway.audit import Action
from services.gateway.care.golden import Golden
from services.gateway.casefile import open_file
from services.gateway.figures.reading import period, read
from services.gateway.figures.rolling import catch_up
from services.gateway.store import Case
from services.gateway.web import application
from shared.clock import ManualClock
from tests.support.gateway import make_desk
from tests.support.visitors import add_agency, browser, program, seat

FOUND_ON = date(2026, 9, 7)
OTHER, THIRD = "harbour", "valley"
TAKES = '{"hosts": ["valley.en.test"]}'


@pytest.fixture(scope="module")
async def room(migrated_once, tmp_path_factory):
    add_agency(migrated_once.owner_url, OTHER)
    add_agency(migrated_once.owner_url, THIRD, TAKES)
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path_factory.mktemp("gateway"), ManualClock())
    app = application(desk.parts)
    async with AsyncExitStack() as stack:
        people = {}
        for name, agency in (("giver", HOME), ("taker", OTHER), ("third", THIRD)):
            token = await seat(desk, name, "senior-reviewer", agency)
            people[name] = await stack.enter_async_context(program(app, token))
        yield desk, people, app
    await desk.database.close()


async def offered(client, case, to=OTHER, why="The person concerned lives there."):
    return await client.post(f"/api/cases/{case}/transfers", json={"to": to, "why": why})


async def test_offered_accepted_and_gone_from_the_giver(room) -> None:
    desk, people, _ = room
    story = await desk.awaiting_review(f"post/{uuid4()}")
    assert (await people["giver"].post(f"/api/cases/{story.case}/claim")).status_code == 200
    offer = (await offered(people["giver"], story.case)).json()
    seen = [one["transfer_id"] for one in (await people["taker"].get("/api/transfers")).json()["items"]]
    assert offer["transfer_id"] in seen
    assert (await people["third"].get("/api/transfers")).json()["items"] == []
    assert (await people["taker"].get(f"/api/cases/{story.case}")).status_code == 404  # not yet
    assert (await people["third"].post(f"/api/transfers/{offer['transfer_id']}/accept")).status_code == 404
    assert (await people["giver"].post(f"/api/transfers/{offer['transfer_id']}/accept")).status_code == 404
    taken = await people["taker"].post(f"/api/transfers/{offer['transfer_id']}/accept")
    assert (taken.status_code, taken.json()["outcome"]) == (200, "accepted")
    assert (await people["giver"].get(f"/api/cases/{story.case}")).status_code == 404
    case = await people["taker"].get(f"/api/cases/{story.case}")
    assert case.status_code == 200
    assert len(case.json()["notices"]) == len(story.notices)
    assert (await people["taker"].post(f"/api/cases/{story.case}/claim")).status_code == 200  # the giver's has ended
    history = (await open_file(desk.database, story.case)).history
    assert [line.action for line in history if line.action.startswith("case-o") or "taken" in line.action][:2] == [
        Action.CASE_OFFERED, Action.CASE_TAKEN_OVER,
    ]  # fmt: skip
    again = await people["taker"].post(f"/api/transfers/{offer['transfer_id']}/accept")
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "offer-over")


async def test_figures_and_golden_cases_go_with_the_case(room) -> None:
    desk, people, _ = room
    story = await desk.awaiting_review(f"post/{uuid4()}")

    async def waiting() -> dict[str, int]:
        await catch_up(desk.database)
        async with desk.database.transaction() as tx:
            told = {agency: await read(tx, period(FOUND_ON, FOUND_ON), agency) for agency in (HOME, OTHER)}
        return {agency: sum(sums.standing["waiting"]["very-high"].values()) for agency, sums in told.items()}

    async with desk.database.transaction() as tx:
        given = {"proposed_by": "senior-1", "proposed_at": tx.clock.now(), "category": "reupload"}
        tx.add(Golden(case_id=story.case, agency=HOME, verdict="approved", why="it teaches", **given))
    before = await waiting()
    desk.parts.clock.advance(600)
    offer = (await offered(people["giver"], story.case)).json()["transfer_id"]
    assert (await people["taker"].post(f"/api/transfers/{offer}/accept")).status_code == 200
    assert await waiting() == {HOME: before[HOME] - 1, OTHER: before[OTHER] + 1}
    for name, number in (("giver", 0), ("taker", 1)):
        items = (await people[name].get("/api/golden")).json()["items"]
        assert len(items) == number
    assert (await people["giver"].post(f"/api/golden/{story.case}/end")).status_code == 404
    seen = {"shown": items[0]["shown"]}
    assert (await people["taker"].post(f"/api/golden/{story.case}/agree", json=seen)).status_code == 204


async def test_an_offer_is_declined_or_withdrawn_and_the_case_stays(room) -> None:
    desk, people, _ = room
    story = await desk.awaiting_review(f"post/{uuid4()}")
    first = (await offered(people["giver"], story.case)).json()["transfer_id"]
    twice = await offered(people["giver"], story.case, THIRD)
    assert (twice.status_code, twice.json()["errors"][0]["code"]) == (409, "offered-already")
    declined = await people["taker"].post(f"/api/transfers/{first}/decline", json={"why": "Not ours."})
    assert declined.json()["outcome"] == "declined"
    second = (await offered(people["giver"], story.case)).json()["transfer_id"]
    withdrawn = await people["giver"].post(f"/api/transfers/{second}/withdraw")
    assert withdrawn.json()["outcome"] == "withdrawn"
    assert (await people["taker"].post(f"/api/transfers/{second}/accept")).status_code == 409
    assert (await people["giver"].get(f"/api/cases/{story.case}")).status_code == 200


@pytest.mark.parametrize(("to", "why", "code"), [(HOME, "x", "no-agency"), ("nowhere", "x", "no-agency")])
async def test_an_offer_needs_another_agency(room, to, why, code) -> None:
    desk, people, _ = room
    story = await desk.awaiting_review(f"post/{uuid4()}")
    answer = await offered(people["giver"], story.case, to, why)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


async def test_the_database_alone_moves_what_was_offered_by_whom_it_was(room) -> None:
    """A transfer that somebody wrote into the table for a case that is not theirs moves nothing."""
    desk, people, _ = room
    story = await desk.awaiting_review(f"post/{uuid4()}")
    forged = {"why": "x", "category": None, "offered_by": "x", "offered_at": desk.parts.clock.now()}
    number = uuid4()
    async with desk.database.scoped({AGENCY: THIRD}).transaction() as tx:
        tx.add(Transfer(transfer_id=number, case_id=story.case, from_agency=THIRD, to_agency=OTHER, **forged))
    answer = await people["taker"].post(f"/api/transfers/{number}/accept")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "offer-over")
    async with desk.database.transaction() as tx:
        assert (await tx.get(Case, story.case)).agency == HOME


async def test_pages_of_offers(room) -> None:
    desk, _, app = room
    one = await seat(desk, f"a{uuid4().hex[:6]}", "supervisor")
    two = await seat(desk, f"b{uuid4().hex[:6]}", "supervisor", OTHER)
    story = await desk.awaiting_review(f"post/{uuid4()}")
    async with browser(app, one) as giver, browser(app, two) as taker:
        assert "Harbour" in (await giver.get(f"/cases/{story.case}/transfer")).text
        form = {"to": OTHER, "why": "It is near them."}
        assert (await giver.post(f"/cases/{story.case}/transfer", data=form)).status_code == 303
        page = (await taker.get("/transfers")).text
        assert "It is near them." in page
        assert (await taker.get(f"/cases/{story.case}")).status_code == 404
        number = next(
            one["transfer_id"]
            for one in (await taker.get("/api/transfers")).json()["items"]
            if one["case_id"] == str(story.case)
        )
        address = f"/transfers/{number}/accept"
        assert f'action="{address}"' in page
        taken = await taker.post(address)
        assert taken.headers["location"] == f"/cases/{story.case}"
        assert (await taker.get(taken.headers["location"])).status_code == 200
        assert (await giver.get(f"/cases/{story.case}")).status_code == 404


async def test_new_cases_go_where_a_rule_takes_them_once(room) -> None:
    desk, people, _ = room
    story = await desk.awaiting_review(f"post/{uuid4()}")
    site = story.flagged.finding.site.model_copy(update={"host": "board.valley.en.test"})
    case = uuid4()
    finding = story.flagged.finding.model_copy(update={"site": site})
    await desk.tell(story.flagged.model_copy(update={"case_id": case, "finding": finding}))
    async with desk.database.transaction() as tx:
        row = await tx.get(Case, case)
        assert (row.agency, row.placed) == (THIRD, "rule")
    assert (await people["third"].get(f"/api/cases/{case}")).status_code == 200
    assert (await people["giver"].get(f"/api/cases/{case}")).status_code == 404
