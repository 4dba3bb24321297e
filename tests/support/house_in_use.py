"""A house in use, for whoever looks at every page of it: five weeks of cases, and what waits for somebody this morning.

Everything came in as it does: events through the handlers, the rest through what pages and programs call. Copies of
these weeks alone, two months earlier and of another agency, are written as rows: public figures are of months that are
over, of all agencies together.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from services.gateway.accounts import Account
from services.gateway.bridges.webhooks.house import Webhooks
from services.gateway.door.house import House as Doorway
from services.gateway.door.house import HouseFile, Partner, Phone
from services.gateway.evidence.lines import note
from services.gateway.figures.publishing import publish
from services.gateway.figures.rolling import catch_up
from services.gateway.tree import checking, growing, keys
from services.gateway.verdict import Decision
from services.gateway.web import application
from shared.events import CustodyNoted, Event, Verdict
from tests.support.gateway import Desk, decide, make_desk
from tests.support.histories import KEY
from tests.support.house_people import DECIDERS, OTHER, PROGRAM, hired, weeks_of_care
from tests.support.house_stories import courses, named
from tests.support.house_this_morning import approval, this_morning
from tests.support.house_weeks import NOW, Decided, HouseClock, weeks
from tests.support.stack import Migrated
from tests.support.visitors import add_agency

CASES = 36  # in five weeks: every stage, recipient and kind, and no more than some seconds of handlers
HEAD_EVERY = timedelta(days=5)
SEOUL = ZoneInfo("Asia/Seoul")
DOOR = Doorway(
    file=HouseFile(
        phones=(
            Phone(name={"ko": "경찰", "en": "Police"}, number="112", urgent=True),
            Phone(name={"ko": "등대 상담 전화", "en": "Lighthouse line"}, number="02-0000-0000"),
        ),
        partners=(
            Partner(
                id="centre",
                name={"ko": "등대 상담소", "en": "Lighthouse centre"},
                services=("counselling", "legal"),
                accounts=(PROGRAM,),
            ),
        ),
    )
)


@dataclass
class House:
    """`values`: what paths need. `of`: what the page of that name needs instead. `people`: by login."""

    desk: Desk
    people: dict[str, Account]
    values: dict[str, str] = field(default_factory=dict)
    of: dict[str, dict[str, str]] = field(default_factory=dict)


@asynccontextmanager
async def furnished(database: Migrated, folder: Path) -> AsyncIterator[House]:
    clock, dice = HouseClock(), Random(7)
    desk = make_desk(database.dsn_for("gateway"), folder, clock)
    desk.parts = replace(desk.parts, timezone=SEOUL, language="ko", house=DOOR, webhooks=Webhooks(on=True))
    application(desk.parts)  # which says whose midnight ends a day of care
    add_agency(database.owner_url, OTHER)
    async with desk.database.transaction() as tx:
        await keys.take_over(tx, KEY)
    house = House(desk, await hired(desk))
    stories = await named(desk)
    await lived(house, clock, [*weeks(CASES, dice), *courses(stories)], dice)
    clock.open()
    house.values = await this_morning(desk, house.people, stories)
    form, gone = stories["form"], stories["gone"]
    house.of = {
        "hand-over": {"case_id": str(form.flagged.case_id), "notice_id": str(form.notices[0].notice_id)},
        "case-back": {"case_id": str(gone.flagged.case_id)},
        "program": {"pseudonym": house.people[PROGRAM].pseudonym},
    }
    async with desk.database.transaction() as tx:
        await weeks_of_care(tx, NOW, dice)
    await signed_and_counted(desk)
    yield house
    await desk.database.close()


async def lived(
    house: House, clock: HouseClock, told: Iterable[tuple[datetime, Event | Decided]], dice: Random
) -> None:
    """Each in its moment, in the order of time; a head of the history now and then."""
    head = NOW - timedelta(weeks=5)
    for at, one in sorted(told, key=lambda pair: pair[0]):
        clock.set(at)
        if isinstance(one, Decided):
            await decided(house, one, dice)
        elif isinstance(one, CustodyNoted):
            async with house.desk.database.transaction() as tx:
                await note(one, tx)
        else:
            await house.desk.tell(one)
        if at > head:
            await sign(house.desk)
            head = at + HEAD_EVERY


async def decided(house: House, one: Decided, dice: Random) -> None:
    desk, by = house.desk, house.people[dice.choice(DECIDERS)]
    approved = one.verdict is Verdict.APPROVED
    decision = approval(one.story) if approved else Decision(Verdict.REJECTED, {}, "이미 삭제되었습니다.")
    await decide(desk.database, desk.parts.approvals, one.story.flagged.case_id, decision, by)


async def sign(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await growing.number(tx)
    async with desk.database.transaction() as tx:
        await growing.sign_head(tx, "home", KEY)


async def signed_and_counted(desk: Desk) -> None:
    await sign(desk)
    for check in (checking.NEW, checking.WHOLE):
        more = True
        while more:
            async with desk.database.transaction() as tx:
                more = await checking.follow(tx, check)
    async with desk.database.transaction() as tx:
        for months in (1, 2):
            await tx.execute(EARLIER_CASES, {"months": months, "agency": OTHER})
            await tx.execute(EARLIER_NOTICES, {"months": months})
    await catch_up(desk.database)
    async with desk.database.transaction() as tx:
        await publish(tx)


# A row as it is, with another name and all its moments so many months earlier.
EARLIER_CASES = sa.text(
    """
    INSERT INTO cases SELECT (jsonb_populate_record(c, jsonb_build_object(
        'case_id', md5(c.case_id::text || CAST(:months AS text))::uuid, 'agency', CAST(:agency AS text),
        'found_at', found_at - back, 'flagged_at', flagged_at - back, 'sealed_at', sealed_at - back,
        'drafted_at', drafted_at - back, 'decided_at', decided_at - back, 'sent_at', sent_at - back,
        'removed_at', removed_at - back, 'verified_at', verified_at - back, 'reappeared_at', reappeared_at - back
    ))).* FROM cases c, make_interval(months => CAST(:months AS int)) AS back
    WHERE c.agency = 'home' AND c.state IN ('removed', 'rejected')
    """
)
COLUMNS = "round, position, content, sha256, drafted_at, approved_at, receipt, message_id"
EARLIER_NOTICES = sa.text(
    f"""
    INSERT INTO notices (notice_id, case_id, sent_at, {COLUMNS})
    SELECT md5(notice_id::text || CAST(:months AS text))::uuid, md5(case_id::text || CAST(:months AS text))::uuid,
        sent_at - make_interval(months => CAST(:months AS int)), {COLUMNS}
    FROM notices WHERE case_id IN (SELECT case_id FROM cases WHERE agency = 'home' AND state = 'removed')
    """  # a constant of ours
)
