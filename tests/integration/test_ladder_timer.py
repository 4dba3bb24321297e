"""The ladder on a real database: what time brings, once, whoever looks and however often."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from services.notifier.answers import Answer, note
from services.notifier.channels.mail.smtp import Server
from services.notifier.ladder.advance import advance
from services.notifier.ladder.counting import count
from services.notifier.ladder.pace import set_hour
from services.notifier.ladder.store import Ladder
from services.notifier.ladder.timer import PUT_OFF, look, run
from services.notifier.store import Base, Delivery
from shared.clock import ManualClock
from shared.database import Database
from shared.events import AnswerKind, CasePlanned, FollowUpAsked, NoticeEscalated, NoticeSent, NoticeWithdrawn
from shared.events.examples import FINDING
from shared.events.values import NoticeClock, ProbeOutcome
from shared.handling import Context
from shared.identity import case_id
from shared.metrics import Metrics
from tests.support.ladder_run import decision, draft
from tests.support.notifier import ORIGIN, Notifier

TWO_DAYS = NoticeClock(kind="hours", law="US_TIDA", hours=48)
SITE, HOST = "abuse@harbour-board.en.test", "abuse@network.test"
HOUR = 3600.0


def ladder(url=FINDING.url):
    case = case_id(url)
    site = draft(case, SITE, clock=TWO_DAYS)
    reminder = draft(case, SITE, occasion="reminder", after_hours=30, follows=site.notice_id)
    host = draft(case, HOST, rung=1, after_hours=24)
    return decision(case, [site, reminder, host], ManualClock().now(), url=url)


EVENT = ladder()
FIRST, REMINDER, NEXT = EVENT.approved


@pytest.fixture
async def notifier(migrated_once, mail):
    """On the file's one database, emptied."""
    clock = ManualClock()
    database = Database(migrated_once.dsn_for("notifier"), "/haetae/notifier", clock)
    async with database.transaction() as tx:
        for table in (*Base.metadata.tables, "outbox"):
            await tx.execute(sa.text(f"DELETE FROM {table}"))
    yield Notifier(database, clock, Server(mail.host, mail.port, ORIGIN.sender, timeout_s=10))
    await database.close()


async def answered(notifier, kind, ticket="", notice=FIRST):
    answer = Answer(f"mail:{uuid4()}", kind, ticket, "", "mail", notifier.clock.now())
    async with notifier.database.transaction() as tx:
        await note(tx, EVENT.case_id, notice.notice_id, answer)


async def states(notifier):
    async with notifier.database.transaction() as tx:
        rows = {row.notice_id: row.state for row in await tx.scalars(sa.select(Delivery))}
    return [rows[notice.notice_id] for notice in EVENT.approved]


async def test_time_alone_brings_the_next_rung_then_the_reminder(notifier, mail):
    await notifier.handle(EVENT)
    await notifier.round()
    assert await look(notifier.database) == 0
    assert await states(notifier) == ["sent", "planned", "planned"]
    notifier.clock.advance(24 * HOUR)
    assert await look(notifier.database) == 1
    assert await look(notifier.database) == 0
    (escalated,) = await notifier.published(NoticeEscalated)
    assert (escalated.rung, escalated.notices, escalated.why) == (1, (NEXT.notice_id,), "due")
    notifier.clock.advance(6 * HOUR)
    assert await look(notifier.database) == 1
    await notifier.round()
    assert await states(notifier) == ["sent", "sent", "sent"]
    assert len(await mail.messages(to=SITE)) == 2


async def test_a_timer_that_did_not_run_loses_nothing(notifier):
    await notifier.handle(EVENT)
    await notifier.round()
    notifier.clock.advance(1000 * HOUR)
    await look(notifier.database)
    assert await states(notifier) == ["sent", "waiting", "waiting"]


async def test_after_a_standstill_nothing_is_released_before_somebody_looked_again(notifier):
    await notifier.handle(EVENT)
    await notifier.round()
    notifier.clock.advance(30 * 24 * HOUR)
    await timer_runs_once(notifier)
    assert await states(notifier) == ["sent", "planned", "planned"]
    await notifier.answer(EVENT.case_id, 2, ProbeOutcome.PRESENT)
    assert await states(notifier) == ["sent", "waiting", "waiting"]


async def timer_runs_once(notifier):
    class Restless(ManualClock):
        async def sleep(self, seconds):
            pass

    rounds = iter((False, True))
    await run(Context(notifier.database, Restless(), None, lambda: next(rounds)))


async def test_a_clock_that_is_set_back_sends_nothing_twice_and_takes_nothing_back(notifier, mail):
    await notifier.handle(EVENT)
    await notifier.round()
    notifier.clock.advance(24 * HOUR)
    await look(notifier.database)
    notifier.clock.advance(-10 * HOUR)
    async with notifier.database.transaction() as tx:
        await advance(tx, EVENT.case_id)
    assert await states(notifier) == ["sent", "planned", "waiting"]
    notifier.clock.advance(10 * HOUR)
    await look(notifier.database)
    await notifier.round()
    assert len(await notifier.published(NoticeEscalated)) == 1
    assert len(await mail.messages(to=HOST)) == 1


async def test_an_hour_may_be_short_for_a_demonstration(notifier):
    set_hour(2)
    try:
        await notifier.handle(EVENT)
        await notifier.round()
        notifier.clock.advance(60)
        await look(notifier.database)
        assert await states(notifier) == ["sent", "waiting", "waiting"]
    finally:
        set_hour(HOUR)


async def test_advancing_again_tells_nothing_again(notifier):
    await notifier.handle(EVENT)
    before = len(await notifier.published(CasePlanned))
    for _ in range(3):
        async with notifier.database.transaction() as tx:
            await advance(tx, EVENT.case_id)
    planned = await notifier.published(CasePlanned)
    assert [one.revision for one in planned] == list(range(1, before + 1))


async def test_two_processes_ask_a_regulator_once(notifier):
    await notifier.handle(EVENT)
    await notifier.round()
    await answered(notifier, AnswerKind.DELIVERED)
    notifier.clock.advance(48 * HOUR)
    await asyncio.gather(*(look(notifier.database) for _ in range(4)))
    (asked,) = await notifier.published(FollowUpAsked)
    assert (asked.round, asked.why, asked.notices) == (1, "regulator", (FIRST.notice_id,))
    happened = [(line.what, line.detail) for line in asked.log]
    assert ("expired", "law=US_TIDA; hours=48; proof=proven") in happened
    assert ("received", "how=delivered; proof=proven") in happened


async def test_a_refusal_opens_the_next_rung_at_once_and_drops_the_reminder(notifier):
    await notifier.handle(EVENT)
    await notifier.round()
    await answered(notifier, AnswerKind.REFUSED)
    assert await states(notifier) == ["sent", "withdrawn", "waiting"]
    (escalated,) = await notifier.published(NoticeEscalated)
    (withdrawn,) = await notifier.published(NoticeWithdrawn)
    assert (escalated.why, withdrawn.why) == ("refused", "answered")


async def test_a_packet_that_nobody_wants_is_waited_for_no_more(notifier):
    await notifier.handle(EVENT)
    await notifier.round()
    await answered(notifier, AnswerKind.DELIVERED)
    notifier.clock.advance(48 * HOUR)
    await look(notifier.database)
    waits = [step.why for step in (await notifier.published(CasePlanned))[-1].steps if step.what == "approve"]
    assert waits == ["regulator"]
    await notifier.handle(decision(EVENT.case_id, [], notifier.clock.now(), round=1))
    assert [step for step in (await notifier.published(CasePlanned))[-1].steps if step.what == "approve"] == []


async def test_a_case_that_fails_keeps_no_other_from_its_turn(notifier):
    other = ladder("http://harbour-board.en.test/post/2")
    for event in (EVENT, other):
        await notifier.handle(event)
    await notifier.round()
    notifier.clock.advance(2)
    await notifier.round()
    assert len(await notifier.published(NoticeSent)) == 2
    notifier.clock.advance(24 * HOUR)

    async def broken(tx, case_id):
        if case_id == EVENT.case_id:
            raise ArithmeticError
        await advance(tx, case_id)

    await look(notifier.database, broken)
    (escalated,) = await notifier.published(NoticeEscalated)
    assert escalated.case_id == other.case_id
    async with notifier.database.transaction() as tx:
        row = await tx.get(Ladder, EVENT.case_id)
    assert row.next_at == notifier.clock.now() + PUT_OFF
    notifier.clock.advance(PUT_OFF / timedelta(seconds=1))
    await look(notifier.database)
    assert len(await notifier.published(NoticeEscalated)) == 2


async def test_figures_over_all_cases(notifier):
    metrics = Metrics()
    await notifier.handle(EVENT)
    await notifier.round()
    notifier.clock.advance(24.1 * HOUR)
    async with notifier.database.transaction() as tx:
        await count(tx, metrics)

    def figure(name, **labels):
        return metrics.registry.get_sample_value(name, labels)

    assert figure("haetae_notices", state="planned") == 2
    assert figure("haetae_clocks", state="running") == 1
    assert figure("haetae_steps_overdue") == 1
    await look(notifier.database)
    async with notifier.database.transaction() as tx:
        await count(tx, metrics)
    assert figure("haetae_notices", state="waiting") == 1
    assert figure("haetae_steps_overdue") == 0
