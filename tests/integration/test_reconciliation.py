"""The nightly report: what it counts, what it raises an alarm for, that it is made once a night."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from services.notifier.inbox.store import MailRow, UnmatchedRow
from services.notifier.ladder.advance import advance
from services.notifier.reconciliation.gathering import gather
from services.notifier.reconciliation.nightly import KEPT, UNMATCHED_KEPT, night
from services.notifier.reconciliation.report import Report, due
from services.notifier.reconciliation.store import ReconciliationRow
from services.notifier.store import BOUNCED, SENT, WAITING, WATCHING, AnswerRow, delivery, watch_of
from shared.clock import ManualClock
from shared.database import Database
from shared.identity import identity
from tests.support.notifier import approval

CASES = ("received", "accepted", "refused", "bounced", "late bounce", "waiting")


@pytest.fixture
async def database(migrated):
    database = Database(migrated.dsn_for("notifier"), "/haetae/notifier", ManualClock())
    yield database
    await database.close()


async def one(database: Database, what: str, ladder: bool = True) -> None:
    """A case with one notice that has come so far."""
    event = approval(f"abuse@{what.replace(' ', '-')}.test", url=f"http://{what.replace(' ', '-')}.test/1")
    async with database.transaction() as tx:
        now = tx.clock.now()
        row = delivery(event, event.approved[0], f"<{what.replace(' ', '-')}@agency.test>", now)
        row.state = {"waiting": WAITING, "bounced": BOUNCED}.get(what, SENT)
        row.sent_at = now if row.state == SENT else None
        row.received_at = now if what in ("received", "refused") else None
        tx.add(row)
        tx.add(watch_of(event, WATCHING))
        if kind := {"refused": "refused", "late bounce": "bounced"}.get(what):
            tx.add(
                AnswerRow(
                    answer_id=identity("answer", what), case_id=event.case_id, notice_id=row.notice_id, kind=kind,
                    ticket="", words="", channel="mail", source=what, answered_at=now,
                )
            )  # fmt: skip
        await tx.flush()
        if ladder:
            await advance(tx, event.case_id)


async def test_every_notice_is_counted_where_it_is(database):
    for what in CASES:
        await one(database, what)
    report = await gather(database)
    assert report.notices == {"received": 1, "accepted": 1, "refused": 1, "bounced": 2, "waiting": 1}
    assert (report.approved, report.message_ids, report.open_count) == (6, 6, 0)
    assert report.answers == {"refused": 1, "bounced": 1}
    assert report.alarms == []


async def test_what_nobody_attends_to_raises_an_alarm(database):
    await one(database, "accepted", ladder=False)
    await one(database, "waiting")
    database.clock.advance(timedelta(days=2).total_seconds())
    report = await gather(database)
    assert report.open_count == 1
    assert len(report.late) == 1
    assert len(report.alarms) == 2


async def test_the_report_is_kept_once_a_night_and_the_old_ones_go(database):
    async with database.transaction() as tx:
        for age in range(KEPT + 5):
            made_at = tx.clock.now() - timedelta(days=age + 1)
            tx.add(ReconciliationRow(made_at=made_at, open_ends=0, report={}))
        for number, age in enumerate((timedelta(days=1), UNMATCHED_KEPT + timedelta(days=1))):
            mail_id, taken_at = identity("mail", number), tx.clock.now() - age
            tx.add(MailRow(mail_id=mail_id, message_id="", outcome="unmatched", taken_at=taken_at))
            tx.add(
                UnmatchedRow(
                    mail_id=mail_id, message_id="", sender="a@b.test", subject="", why="",
                    kind="unclear", ticket="", case_id=None, arrived_at=taken_at,
                )
            )  # fmt: skip
    assert (await night(database)) is not None
    assert await night(database) is None
    async with database.transaction() as tx:
        kept = await tx.scalars(sa.select(ReconciliationRow).order_by(ReconciliationRow.made_at))
        assert len(kept) == KEPT
        assert kept[-1].report["unmatched"] == 2
        assert len(await tx.scalars(sa.select(UnmatchedRow))) == 1
        assert len(await tx.scalars(sa.select(MailRow))) == 1
    database.clock.advance(86_400)
    assert await night(database) is not None


@pytest.mark.parametrize(
    ("now", "last", "is_due"),
    [
        ("2026-03-02 17:59", None, True),
        ("2026-03-02 17:59", "2026-03-01 18:00", False),
        ("2026-03-02 18:00", "2026-03-01 18:00", True),
        ("2026-03-02 18:01", "2026-03-02 18:00", False),
        ("2026-03-05 09:00", "2026-03-02 18:00", True),
    ],
)
def test_once_a_night_and_what_was_missed_at_once(now, last, is_due):
    def at(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert due(at(now), at(last) if last else None) is is_due


def test_approved_notices_that_never_arrived_are_named():
    empty = Report(datetime(2026, 1, 1, tzinfo=UTC), 0, 0, {}, (), (), 0, 0, None, missing=("a",))
    assert ["never reached" in alarm for alarm in empty.alarms] == [True]
    assert empty.as_json()["missing"] == ["a"]
