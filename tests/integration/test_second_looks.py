"""Golden cases and second looks over the real database: four eyes, blind, sending nothing, told to the person alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa

from services.gateway.accounts import Account
from services.gateway.care import again, golden, scores
from services.gateway.care.choices import Default, choose
from services.gateway.care.ledger import Entry
from services.gateway.store import Case
from services.gateway.tokens import csrf_token
from shared.events import NoticeBounced, Verdict
from shared.events.examples import EXAMPLES
from shared.failures import Undeclared
from tests.support.stack import Migrated
from tests.support.staff import Staff, a_staff


@pytest.fixture
async def staff(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Staff]:
    async with a_staff(migrated_once.dsn_for("gateway"), tmp_path) as staff:
        yield staff


async def test_golden_cases_take_two_seniors(staff: Staff) -> None:
    one, two = await staff.person("senior", "senior-reviewer"), await staff.person("senior2", "senior-reviewer")
    case_id = await staff.decided("post/golden", "somebody")
    given = {"case_id": str(case_id), "verdict": "rejected", "why": "the lantern is not what it seems"}
    for _ in range(2):
        assert (await staff.ask(one, "POST", "/api/golden", json=given)).status_code == 204
    seen = {"shown": (await staff.ask(two, "GET", "/api/golden")).json()["items"][0]["shown"]}
    assert (await staff.ask(one, "POST", f"/api/golden/{case_id}/agree", json=seen)).status_code == 403
    kim = await staff.person("kim")
    assert (await staff.ask(kim, "POST", f"/api/golden/{case_id}/agree", json=seen)).status_code == 403
    assert "Another senior has to agree" in (await staff.ask(one, "GET", "/golden")).text
    assert (await staff.ask(one, "POST", f"/api/golden/{case_id}/end")).status_code == 204
    assert (await staff.ask(one, "POST", "/api/golden", json=given | {"verdict": "approved"})).status_code == 204
    other = await staff.ask(two, "POST", f"/api/golden/{case_id}/agree", json=seen)
    assert (other.status_code, other.json()["errors"][0]["code"]) == (409, "golden-changed")
    now = (await staff.ask(two, "GET", "/api/golden")).json()["items"][0]
    assert f'value="{now["shown"]}"' in (await staff.ask(two, "GET", "/golden")).text
    typed = {"shown": "é" * 64, "csrf": csrf_token(await staff.token(two))}
    assert (await staff.ask(two, "POST", f"/golden/{case_id}/agree", data=typed)).status_code == 409
    agreed = await staff.ask(two, "POST", f"/api/golden/{case_id}/agree", json={"shown": now["shown"]})
    assert agreed.status_code == 204
    assert (await staff.ask(two, "GET", "/api/golden")).json()["items"][0]["state"] == "agreed"
    undecided = await staff.desk.awaiting_review("post/undecided")
    refused = await staff.ask(one, "POST", "/api/golden", json=given | {"case_id": str(undecided.case)})
    assert refused.status_code == 409


async def golden_look(staff: Staff, case_id: UUID, verdict: Verdict, by: Account) -> str:
    one, two = await staff.person("senior", "senior-reviewer"), await staff.person("senior2", "senior-reviewer")
    async with staff.desk.database.transaction() as tx:
        await golden.propose(tx, one, case_id, verdict, "what it teaches")
        proposed = await tx.get(golden.Golden, case_id)
        assert proposed is not None
        await golden.agree(tx, two, case_id, proposed.shown)
        tx.add(Default(agency=by.agency, budget=160, stretch_units=40, run=3, golden_share=0.2, second_share=0.0))
    async with staff.desk.database.transaction() as tx:
        look = await again.due(tx, by, tx.clock.now(), Always())
    assert look is not None
    return look


class Always(Random):
    """A chance that comes out."""

    def random(self) -> float:
        return 0.0


async def everything_of(staff: Staff) -> dict[str, list[str]]:
    """Every row by which a case could change, be handed out, be decided or be sent."""
    tables = ("cases", "notices", "rounds", "turns", "pending_verdicts", "golden_cases")
    async with staff.desk.database.transaction() as tx:
        return {
            name: sorted((await tx.execute(sa.text(f"SELECT t::text FROM {name} AS t"))).scalars())  # names from above
            for name in tables
        }


@pytest.mark.parametrize("through", ["page", "api"])
async def test_a_second_look_changes_no_case_and_publishes_only_who_saw_it(staff: Staff, through: str) -> None:
    """From the next case that is asked for to the answer, in a browser and by a program; a skipped one too."""
    kim = await staff.person("kim")
    case_id = await staff.decided(f"post/through-{through}", "somebody")
    await golden_look(staff, case_id, Verdict.REJECTED, kim)
    before, sent = await everything_of(staff), await staff.outbox()
    csrf = re.search(r'name="csrf" value="([^"]*)"', (await staff.ask(kim, "GET", "/care")).text)
    assert csrf
    form = {"csrf": csrf[1]}
    if through == "page":
        path = (await staff.ask(kim, "POST", "/claims/next", data=form)).headers["location"]
        assert path.startswith("/blind-looks/")
        page = await staff.ask(kim, "GET", path)
        assert page.status_code == 200
        told = await staff.ask(kim, "POST", path, data=form | {"verdict": "approved"})
    else:
        with_key = {"Authorization": f"Bearer {await staff.token(kim)}", "Idempotency-Key": '"once-and-only-once"'}
        path = f"/api/blind-looks/{(await staff.ask(kim, 'POST', '/api/blind-looks/next')).json()['look']}"
        assert (await staff.ask(kim, "GET", path)).status_code == 200
        told = await staff.http.post(path, json={"verdict": "approved"}, headers=with_key)
        async with staff.desk.database.transaction() as tx:
            kept = (await tx.execute(sa.text("SELECT body FROM kept_answers WHERE login = 'kim'"))).scalars()
        assert set(kept) == {None}  # else whoever reads the database would read there who said what
    assert told.status_code == 200
    assert await everything_of(staff) == before
    assert {topic.rpartition(".")[2] for topic in (await staff.outbox())[len(sent) :]} <= {"handled"}


async def test_who_rests_or_opted_out_is_not_asked_again_and_a_dead_look_stands_in_nobodys_way(staff: Staff) -> None:
    kim = await staff.person("kim")
    case_id = await staff.decided("post/waits", "somebody")
    look = await golden_look(staff, case_id, Verdict.APPROVED, kim)

    async def due() -> str | None:
        async with staff.desk.database.transaction() as tx:
            return await again.due(tx, kim, tx.clock.now(), Random(5))

    assert await due() == look
    async with staff.desk.database.transaction() as tx:
        case = await tx.get(Case, case_id)
        assert case is not None
        assert case.category is not None
        await choose(tx, "kim", None, [case.category])
    assert await due() is None
    async with staff.desk.database.transaction() as tx:
        await choose(tx, "kim", 1.0, [])
    assert await due() == look
    await staff.look("kim", case_id, "full")
    assert await due() is None
    async with staff.desk.database.transaction() as tx:
        await choose(tx, "kim", None, [])
    assert await due() == look
    async with staff.desk.database.transaction() as tx:
        await tx.execute(sa.update(Case).where(Case.case_id == case_id).values(destroyed_at=tx.clock.now()))
    assert await due() is None


async def test_what_one_senior_alone_proposes_anew_is_told_to_nobody(staff: Staff) -> None:
    kim, senior = await staff.person("kim"), await staff.person("senior", "senior-reviewer")
    case_id = await staff.decided("post/anew", "somebody")
    look = await golden_look(staff, case_id, Verdict.APPROVED, kim)
    async with staff.desk.database.transaction() as tx:
        await golden.end(tx, senior, case_id)
        await golden.propose(tx, senior, case_id, Verdict.REJECTED, "nobody else has read this")
    gone = await staff.ask(kim, "POST", f"/api/blind-looks/{look}", json={"verdict": "approved"})
    assert gone.status_code == 410
    async with staff.desk.database.transaction() as tx:
        assert await again.due(tx, kim, tx.clock.now(), Random(5)) is None


async def test_odd_addresses_find_nothing(staff: Staff) -> None:
    kim, senior = await staff.person("kim"), await staff.person("senior", "senior-reviewer")
    for look in ("%00", "x" * 5000, "%F0%9F%8F%AE"):
        for path in (f"/blind-looks/{look}", f"/api/blind-looks/{look}"):
            assert (await staff.ask(kim, "GET", path)).status_code in (404, 422)
    assert (await staff.ask(senior, "GET", "/golden?case=%00%22%3E")).status_code == 200


async def test_a_blind_look_tells_nothing_beforehand_and_sends_nothing_afterwards(staff: Staff) -> None:
    kim = await staff.person("kim")
    case_id = await staff.decided("post/blind", "somebody")
    look = await golden_look(staff, case_id, Verdict.REJECTED, kim)
    page = await staff.ask(kim, "GET", f"/blind-looks/{look}")
    assert page.status_code == 200
    assert not any(word in page.text for word in ("somebody", "what it teaches", "Approved", "golden"))
    lee = await staff.person("lee")
    assert (await staff.ask(lee, "GET", f"/blind-looks/{look}")).status_code == 404
    before = await staff.outbox()
    told = await staff.ask(kim, "POST", f"/api/blind-looks/{look}", json={"verdict": "approved"})
    assert told.json() == {"agreed": False, "first": "rejected", "why": "what it teaches"}
    assert await staff.outbox() == before
    assert not any("review" in topic for topic in before)
    async with staff.desk.database.transaction() as tx:
        case = await tx.get(Case, case_id)
        assert case is not None
        assert (case.verdict, case.reviewer, case.sent_at) == ("approved", "somebody", None)
        assert (await scores.own(tx, "kim", tx.clock.now()))[0].agreement.n == 1
        assert (await scores.own(tx, "lee", tx.clock.now()))[0].agreement.n == 0
        assert await again.doubts(tx, 10) == []  # a golden case needs no second opinion
    assert (await staff.ask(kim, "POST", f"/api/blind-looks/{look}", json={"verdict": "approved"})).status_code == 404
    async with staff.desk.database.transaction() as tx:
        assert await again.due(tx, kim, tx.clock.now(), Always()) is None  # nobody has a case twice


async def test_a_silent_transaction_can_publish_no_event_at_all(staff: Staff) -> None:
    with pytest.raises(Undeclared):
        async with again.silent(staff.desk.database).transaction() as tx:
            tx.publish(EXAMPLES[NoticeBounced], id=UUID(int=1))
    async with staff.desk.database.transaction() as tx:
        tx.publish(EXAMPLES[NoticeBounced], id=UUID(int=1))  # others may still


async def test_another_view_of_a_real_decision_is_a_doubt_without_a_name(staff: Staff) -> None:
    kim, senior = await staff.person("kim"), await staff.person("senior", "senior-reviewer")
    case_id = await staff.decided("post/doubt", "somebody")
    async with staff.desk.database.transaction() as tx:
        await tx.execute(sa.update(Case).where(Case.case_id != case_id).values(scripted=True))
        tx.add(Default(agency=kim.agency, budget=160, stretch_units=40, run=3, golden_share=0.0, second_share=0.2))
        look = await again.due(tx, kim, tx.clock.now(), Always())
        waiting = await again.due(tx, kim, tx.clock.now(), Random(5))
    assert look is not None
    assert waiting == look
    await staff.ask(kim, "POST", f"/api/blind-looks/{look}", json={"verdict": "rejected"})
    told = (await staff.ask(senior, "GET", "/api/golden")).json()["doubts"]
    assert [(doubt["case_id"], doubt["said"]) for doubt in told] == [(str(case_id), "rejected")]
    async with staff.desk.database.transaction() as tx:
        kept = (await tx.execute(sa.text("SELECT * FROM blind_doubts, blind_looks"))).mappings().all()
    assert not any("kim" in str(row) or kim.pseudonym in str(row) for row in kept)
    assert {row["who"] for row in kept} == {""}
    assert (await staff.ask(senior, "POST", f"/api/golden/doubts/{case_id}")).status_code == 204
    assert (await staff.ask(senior, "GET", "/api/golden")).json()["doubts"] == []


async def test_skipping_leaves_no_trace_in_any_figure(staff: Staff) -> None:
    kim = await staff.person("kim")
    look = await golden_look(staff, await staff.decided("post/skip", "somebody"), Verdict.APPROVED, kim)
    assert (await staff.ask(kim, "DELETE", f"/api/blind-looks/{look}")).status_code == 204
    async with staff.desk.database.transaction() as tx:
        assert [row.kind for row in await tx.scalars(sa.select(Entry))] == []
