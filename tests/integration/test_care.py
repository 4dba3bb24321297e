"""Care over the real database: what is counted is sealed, full days stop, nobody sees another's, houses see sums."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.gateway.accounts import Account, enter
from services.gateway.care import keeping, ledger, scores, sums
from services.gateway.care.choices import choose
from services.gateway.care.ledger import Entry
from services.gateway.care.serving import serving
from services.gateway.problems import Problem
from tests.support.stack import Migrated
from tests.support.staff import Staff, a_staff

PEOPLE = ("kim", "lee", "park", "choi", "jung", "kang")


@pytest.fixture
async def staff(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Staff]:
    async with a_staff(migrated_once.dsn_for("gateway"), tmp_path) as staff:
        yield staff


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


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of any database meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


async def test_house_scores_hide_small_groups_in_larger_ones(staff: Staff) -> None:
    month = scores.month_of(staff.clock.now().date())
    async with staff.desk.database.transaction() as tx:
        for n, login in enumerate(PEOPLE):
            for category in ("reupload", *(["threatened"] if n < 2 else [])):
                await scores.add(
                    tx, login, "home", tx.clock.now(), category=category, first="approved", second="approved"
                )
    later = staff.clock.now() + timedelta(days=31)  # the month is over
    with statements() as asked:
        async with staff.desk.database.transaction() as tx:
            told, few = [(await scores.closed_months(tx, agency, later))[0] for agency in ("home", "elsewhere")]
            await sums.weeks(tx, "home", later)
    assert sum("care_ledger" in one for one in asked) == 3, "one query for each page's periods, however many they are"
    assert told.month == month
    assert (few.whole, few.scores) == (None, ())
    assert told.whole is not None
    assert told.whole.n == 8
    assert told.scores == []  # two people's category would follow from the rest by subtraction
    assert told.others is not None
    assert told.others.n == 8
    assert ledger.mark("a") != ledger.mark("b")
