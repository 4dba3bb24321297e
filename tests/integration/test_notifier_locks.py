"""Whoever changes a case holds it first: handlers, sender and timer wait for one another in one order only."""

import pytest
import sqlalchemy as sa

from services.notifier.answers import Answer, note
from services.notifier.channels.form.channel import Form
from services.notifier.channels.form.handing import hand_over_due
from services.notifier.channels.mail.smtp import Server
from services.notifier.domain import Failed
from services.notifier.ladder.timer import look
from services.notifier.store import Base
from shared.clock import ManualClock
from shared.database import Database
from shared.events import AnswerKind, ContentReappeared, FollowUpAsked, HandedOver, NoticesStopped
from shared.events.examples import FINDING
from shared.events.values import ProbeOutcome
from shared.identity import case_id
from tests.support.ladder_run import by_form, decision, draft
from tests.support.notifier import ORIGIN, Notifier

CASE = case_id(FINDING.url)
SITE, HOST = draft(CASE, "abuse@site.test"), draft(CASE, "abuse@host.test", rung=1, after_hours=24)
FORM, LAST = by_form(draft(CASE, "form.test")), draft(CASE, "abuse@last.test", rung=2, after_hours=9000)
OF_A_CASE = ("ladders", "watches", "deliveries", "case_rounds")
GONE, PRESENT = ProbeOutcome.GONE, ProbeOutcome.PRESENT


@pytest.fixture
async def notifier(migrated_once, mail):
    clock = ManualClock()
    database = Database(migrated_once.dsn_for("notifier"), "/haetae/notifier", clock)
    async with database.transaction() as tx:
        for table in (*Base.metadata.tables, "outbox"):
            await tx.execute(sa.text(f"DELETE FROM {table}"))
    made = Notifier(database, clock, Server(mail.host, mail.port, ORIGIN.sender, timeout_s=10))
    made.sender.channels["form"] = Form()
    yield made
    await database.close()


def first_locks(database):
    """Of each transaction from now on, the first table of a case of which it takes rows; those that it takes only
    when nobody has them are "free"."""
    first: dict[int, str] = {}
    found: list[str] = []

    def executed(connection, cursor, statement, *_):
        words = statement.lower()
        takes = words.startswith(("update", "insert")) or "for update" in words
        table = next((one for one in OF_A_CASE if f" {one}" in words.partition("where")[0]), None)
        if takes and table and id(connection) not in first:
            first[id(connection)] = table
            found.append("free" if "skip locked" in words else table)

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", executed)
    sa.event.listen(database.engine.sync_engine, "begin", lambda connection: first.pop(id(connection), None))
    return found


async def test_whatever_changes_a_case_takes_the_case_first(notifier, mail):
    firsts, clock = first_locks(notifier.database), notifier.clock
    await notifier.handle(decision(CASE, [SITE, HOST, FORM, LAST], clock.now()))
    await mail.fault(reject_recipient="abuse@site.test", code=451)
    for _ in range(2):
        await notifier.round()
        clock.advance(6)
    async with notifier.database.transaction() as tx:
        assert await hand_over_due(tx) == 1
    handed = HandedOver(
        case_id=CASE, notice_id=FORM.notice_id, receipt="F-1", failed="", by="reviewer-7", handed_at=clock.now()
    )
    await notifier.handle(handed)
    clock.advance(25 * 3600)
    await look(notifier.database)
    stop = NoticesStopped(
        case_id=CASE, notices=(LAST.notice_id,), why="a mistake", by="reviewer-7", stopped_at=clock.now()
    )
    await notifier.handle(stop)
    async with notifier.database.transaction() as tx:
        await note(tx, CASE, SITE.notice_id, Answer("mail:1", AnswerKind.RECEIPT, "77", "", "mail", clock.now()))
    for number, outcome in enumerate((GONE, GONE, PRESENT, PRESENT), start=1):
        clock.advance(9)
        await notifier.answer(CASE, number, outcome)
    assert len(await notifier.published(ContentReappeared, FollowUpAsked)) == 2
    assert set(firsts) == {"ladders", "free"}


async def test_a_stop_holds_whatever_becomes_of_the_attempt_that_is_under_way(notifier):
    stop = NoticesStopped(
        case_id=CASE, notices=(SITE.notice_id,), why="a mistake", by="reviewer-7", stopped_at=notifier.clock.now()
    )

    async def stopped_meanwhile(message, recipient):
        await notifier.handle(stop)
        return Failed("451 later")

    await notifier.handle(decision(CASE, [SITE], notifier.clock.now()))
    await notifier.with_post(stopped_meanwhile).round(notifier.database, notifier.clock)
    assert await notifier.states() == [("withdrawn", 1)]


async def test_a_stop_that_comes_before_its_approval_is_not_forgotten(notifier):
    now = notifier.clock.now()
    await notifier.handle(
        NoticesStopped(case_id=CASE, notices=(SITE.notice_id,), why="a mistake", by="reviewer-7", stopped_at=now)
    )
    await notifier.handle(decision(CASE, [SITE], now))
    await notifier.round()
    assert await notifier.states() == [("withdrawn", 0)]
