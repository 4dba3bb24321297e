"""Care over the real database: what is counted is sealed, full days stop, nobody sees another's; blind looks send
nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from services.gateway.accounts import Account, enter
from services.gateway.care import again, exposure, golden, keeping, ledger, scores, sums
from services.gateway.care.choices import Default, choose
from services.gateway.care.ledger import Entry
from services.gateway.care.serving import serving
from services.gateway.problems import Problem
from services.gateway.sessions import Kind, open_session
from services.gateway.store import Case
from services.gateway.throttle import Knock
from services.gateway.web import application
from shared.clock import ManualClock
from shared.events import NoticeBounced, Verdict
from shared.events.examples import EXAMPLES
from shared.failures import Undeclared
from tests.support.gateway import Desk, Story, make_desk
from tests.support.stack import Migrated

PEOPLE = ("kim", "lee", "park", "choi", "jung", "kang")


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


@pytest.fixture
async def staff(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Staff]:
    clock = ManualClock(EXAMPLES[NoticeBounced].bounced_at)  # type: ignore[attr-defined]  # of that event
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path, clock)
    async with desk.database.transaction() as tx:
        for table in ("care_ledger", "care_defaults", "blind_looks", "blind_doubts", "golden_cases", "outbox"):
            await tx.execute(sa.text(f"DELETE FROM {table}"))  # names from the line above
    transport = httpx.ASGITransport(application(desk.parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        http.headers["Accept-Language"] = "en"
        yield Staff(desk, http, clock, {})
    await desk.database.close()


async def test_a_full_day_stops_what_is_unblurred_and_what_is_handed_out_until_midnight(staff: Staff) -> None:
    kim, story = await staff.person("kim"), await staff.desk.awaiting_review()
    async with staff.desk.database.transaction() as tx:
        await choose(tx, "kim", 10.0, [])
    for _ in range(2):  # the second fills it: 0.8 × 8 units each
        await staff.look("kim", story.case, "full")
    with pytest.raises(Problem, match="resting"):
        await staff.look("kim", story.case, "full")
    async with staff.desk.database.transaction() as tx:
        told = await serving(tx, "kim", tx.clock.now())
    assert told.why == "budget"
    assert told.rest_until is not None
    await staff.look("kim", story.case, "opened")  # words may be read
    rest = await staff.ask(kim, "GET", "/care/rest")
    assert "Your day is full" in rest.text
    staff.clock.advance((told.rest_until - staff.clock.now()).total_seconds())
    async with staff.desk.database.transaction() as tx:
        assert (await serving(tx, "kim", tx.clock.now())).rest_until is None


async def test_own_limits_by_form_and_by_program_are_lowered_never_raised(staff: Staff) -> None:
    kim = await staff.person("kim")
    page = await staff.ask(kim, "GET", "/care")
    csrf = re.search(r'name="csrf" value="([^"]*)"', page.text)
    assert csrf
    form = {"csrf": csrf[1], "budget": "60", "out": ["threatened"]}
    assert (await staff.ask(kim, "POST", "/care", data=form)).status_code == 303
    assert 'value="60.0"' in (await staff.ask(kim, "GET", "/care")).text
    given = await staff.ask(kim, "PUT", "/api/care", json={"budget": 50, "out": ["threatened"]})
    assert given.status_code == 204
    told = (await staff.ask(kim, "GET", "/api/care")).json()
    assert (told["budget"], told["out"]) == (50.0, ["threatened"])
    raised = await staff.ask(kim, "PUT", "/api/care", json={"budget": 900, "out": []})
    assert (raised.status_code, raised.json()["errors"][0]["code"]) == (422, "budget-raised")
    unknown = await staff.ask(kim, "PUT", "/api/care", json={"budget": 5, "out": ["everything"]})
    assert unknown.json()["errors"][0]["field"] == "out"


async def test_an_admin_allows_more_without_seeing_anything(staff: Staff) -> None:
    kim, admin = await staff.person("kim"), await staff.person("office", "agency-admin")
    allowed = {"login": "kim", "budget": 400, "why": "night duty"}
    assert (await staff.ask(admin, "POST", "/api/care/limits/people", json=allowed)).status_code == 204
    assert (await staff.ask(kim, "GET", "/api/care")).json()["budget"] == 400
    unexplained = await staff.ask(admin, "POST", "/api/care/limits/people", json=allowed | {"why": " "})
    assert (unexplained.status_code, unexplained.json()["errors"][0]["field"]) == (422, "why")
    own = await staff.ask(admin, "POST", "/api/care/limits/people", json=allowed | {"login": "office"})
    assert own.status_code == 403
    assert (await staff.ask(kim, "POST", "/api/care/limits/people", json=allowed)).status_code == 403
    new = {"budget": 120, "stretch_units": 30, "run": 2, "golden_share": 0.1, "second_share": 0.0}
    assert (await staff.ask(admin, "PUT", "/api/care/limits", json=new)).status_code == 204
    assert (await staff.ask(admin, "GET", "/api/care/limits")).json() == new
    page = await staff.ask(admin, "GET", "/care/limits")
    assert 'value="120.0"' in page.text


async def test_a_program_sees_nothing_and_counts_nothing(staff: Staff) -> None:
    story = await staff.desk.awaiting_review()
    async with staff.desk.database.transaction() as tx:
        if not await tx.get(Account, "script"):
            await enter(tx, "script", ["reviewer"], "test", scripted=True)
    await staff.look("script", story.case, "full")
    async with staff.desk.database.transaction() as tx:
        assert list(await tx.scalars(sa.select(Entry))) == []


async def test_nobody_elses_counters_are_anywhere(staff: Staff) -> None:
    """Of the pages, the API, the history, and the rows themselves."""
    kim, head = await staff.person("kim"), await staff.person("head", "supervisor")
    auditor = await staff.person("audit", "auditor")
    story = await staff.desk.awaiting_review()
    for _ in range(7):
        await staff.look("kim", story.case, "unblurred")
    units = (await staff.ask(kim, "GET", "/api/care")).json()["units"]
    assert units > 7
    for who in (head, auditor):
        for path in ("/care", "/care/house", "/api/care", "/api/care/house"):
            answer = await staff.ask(who, "GET", path)
            assert answer.status_code == 200
            assert f"{units:g}" not in answer.text
            assert kim.pseudonym not in answer.text.replace(f"{who.pseudonym}", "")
    assert (await staff.ask(kim, "GET", "/api/care/house")).status_code == 403
    house = (await staff.ask(head, "GET", "/api/care/house")).json()
    assert {week["enough"] for week in house["weeks"]} == {False}
    async with staff.desk.database.transaction() as tx:
        rows = (await tx.execute(sa.text("SELECT who, kind, period, sealed FROM care_ledger"))).all()
        lines = (await tx.execute(sa.text("SELECT details::text FROM audit WHERE action <> 'care-defaults-set'"))).all()
    assert rows
    for needle in (b"kim", kim.pseudonym.encode(), story.case.bytes, str(story.case).encode()):
        assert not any(needle in bytes(row.who) + bytes(row.sealed) for row in rows)
    assert not any("units" in line[0] or f"{units:g}" in line[0] for line in lines)


async def test_a_house_sees_sums_of_closed_weeks_and_of_five_people(staff: Staff) -> None:
    head, story = await staff.person("head", "supervisor"), await staff.desk.awaiting_review()
    for login in PEOPLE[:5]:
        await staff.person(login)
        await staff.look(login, story.case, "unblurred")
    agency, now = head.agency, staff.clock.now()
    async with staff.desk.database.transaction() as tx:
        assert not any(week.enough for week in await sums.weeks(tx, agency, now))  # this week still runs
        later = await sums.weeks(tx, agency, now + timedelta(days=7))
        assert [week.enough for week in later] == [True, False, False]
        assert (later[0].days, later[0].unblurred) == (5, 5)
        assert not any(week.enough for week in await sums.weeks(tx, "elsewhere", now + timedelta(days=7)))
        await tx.execute(sa.delete(Entry).where(Entry.who == (await tx.scalars(sa.select(Entry.who)))[0]))
        assert not any(week.enough for week in await sums.weeks(tx, agency, now + timedelta(days=7)))


async def test_days_die_after_thirty_days(staff: Staff) -> None:
    await staff.person("kim")
    story = await staff.desk.awaiting_review()
    await staff.look("kim", story.case, "blurred")
    for days, left in ((30, 1), (1, 0)):
        staff.clock.advance(days * 86400)
        async with staff.desk.database.transaction() as tx:
            await keeping.forget(tx)
            assert len(await tx.scalars(sa.select(Entry))) == left


async def test_no_day_of_a_shown_week_is_deleted_while_it_is_shown(staff: Staff) -> None:
    """Else the sums of two mornings tell that day, on which perhaps one person worked."""
    now = staff.clock.now()
    for days in range(7):
        today = (now + timedelta(days=days)).date()
        assert (today - timedelta(days=today.weekday()) - timedelta(weeks=sums.WEEKS)) >= today - sums.KEPT


async def test_golden_cases_take_two_seniors(staff: Staff) -> None:
    one, two = await staff.person("senior", "senior-reviewer"), await staff.person("senior2", "senior-reviewer")
    case_id = await staff.decided("post/golden", "somebody")
    given = {"case_id": str(case_id), "verdict": "rejected", "why": "the lantern is not what it seems"}
    for _ in range(2):
        assert (await staff.ask(one, "POST", "/api/golden", json=given)).status_code == 204
    assert (await staff.ask(one, "POST", f"/api/golden/{case_id}/agree")).status_code == 403
    assert (await staff.ask(await staff.person("kim"), "POST", f"/api/golden/{case_id}/agree")).status_code == 403
    assert "Another senior has to agree" in (await staff.ask(one, "GET", "/golden")).text
    assert (await staff.ask(two, "POST", f"/api/golden/{case_id}/agree")).status_code == 204
    assert (await staff.ask(two, "GET", "/api/golden")).json()["items"][0]["state"] == "agreed"
    undecided = await staff.desk.awaiting_review("post/undecided")
    refused = await staff.ask(one, "POST", "/api/golden", json=given | {"case_id": str(undecided.case)})
    assert refused.status_code == 409


async def golden_look(staff: Staff, case_id: UUID, verdict: Verdict, by: Account) -> str:
    one, two = await staff.person("senior", "senior-reviewer"), await staff.person("senior2", "senior-reviewer")
    async with staff.desk.database.transaction() as tx:
        await golden.propose(tx, one, case_id, verdict, "what it teaches")
        await golden.agree(tx, two, case_id)
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


async def test_house_scores_hide_small_groups_in_larger_ones(staff: Staff) -> None:
    month = scores.month_of(staff.clock.now().date())
    async with staff.desk.database.transaction() as tx:
        for n, login in enumerate(PEOPLE):
            for category in ("reupload", *(["threatened"] if n < 2 else [])):
                await scores.add(
                    tx, login, "home", tx.clock.now(), category=category, first="approved", second="approved"
                )
        told = await scores.of_house(tx, "home", month)
        few = await scores.of_house(tx, "elsewhere", month)
    assert (few.whole, few.scores) == (None, ())
    assert told.whole is not None
    assert told.whole.n == 8
    assert told.scores == []  # two people's category would follow from the rest by subtraction
    assert told.others is not None
    assert told.others.n == 8
    assert ledger.mark("a") != ledger.mark("b")
