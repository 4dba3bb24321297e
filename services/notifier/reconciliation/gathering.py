"""The report out of the notifier's tables: sums by the database, ends of cases by the ladder's own judgement."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from services.notifier.inbox.store import MailRow, UnmatchedRow
from services.notifier.ladder.ends import open_ends
from services.notifier.ladder.reading import read_facts
from services.notifier.ladder.store import Ladder
from services.notifier.reconciliation.report import MOST_NAMED, Report
from services.notifier.store import BOUNCED, HANDING, REMOVED, SENDING, SENT, WAITING, AnswerRow, Delivery, WatchRow
from shared.database import Database, Transaction
from shared.events import AnswerKind

DAY = timedelta(days=1)
LATE = timedelta(days=1)  # the last of twenty attempts comes after half a day; a budget may hold a mail back for one
LATE_BY_HAND = timedelta(days=3)  # a weekend and a day for a person to hand it in
CASES_AT_ONCE = 200  # in one transaction


async def gather(database: Database) -> Report:
    """Several transactions: a notice that moves on meanwhile is in one place or the other."""
    async with database.transaction() as tx:
        now = tx.clock.now()
        approved, message_ids = await _names(tx)
        notices, late = await _places(tx), await _late(tx)
        unassigned, since = await unmatched(tx)
        answers = await _counts(tx, AnswerRow.kind, AnswerRow.answered_at > now - DAY)
        mails = await _counts(tx, MailRow.outcome, MailRow.taken_at > now - DAY)
    forgotten = await _open_ends(database)
    return Report(
        made_at=now,
        approved=approved,
        message_ids=message_ids,
        notices=notices,
        late=tuple(str(one) for one in late),
        open_ends=tuple(str(one) for one in forgotten[:MOST_NAMED]),
        open_count=len(forgotten),
        unmatched=unassigned,
        unmatched_since=since,
        answers=answers,
        mails=mails,
    )


async def _names(tx: Transaction) -> tuple[int, int]:
    both = sa.select(sa.func.count().label("all"), sa.func.count(Delivery.message_id.distinct()).label("names"))
    row = (await tx.execute(both)).one()
    return row.all, row.names


async def _places(tx: Transaction) -> dict[str, int]:
    refused = _answered(AnswerKind.REFUSED)
    bounced = sa.and_(Delivery.received_at.is_(None), _answered(AnswerKind.BOUNCED))
    place = sa.case(
        (sa.or_(Delivery.state == BOUNCED, sa.and_(Delivery.state == SENT, bounced)), "bounced"),
        (sa.and_(Delivery.state == SENT, refused), "refused"),
        (sa.and_(Delivery.state == SENT, Delivery.received_at.is_not(None)), "received"),
        (Delivery.state == SENT, "accepted"),
        else_=Delivery.state,
    ).label("place")
    rows = await tx.execute(sa.select(place, sa.func.count().label("many")).group_by(place))
    return {row.place: row.many for row in rows}


def _answered(kind: AnswerKind) -> sa.Exists:
    return sa.exists().where(AnswerRow.notice_id == Delivery.notice_id, AnswerRow.kind == kind.value)


async def _late(tx: Transaction) -> Sequence[UUID]:
    now = tx.clock.now()
    late = sa.or_(
        sa.and_(Delivery.state.in_((WAITING, SENDING)), Delivery.next_attempt_at < now - LATE),
        sa.and_(Delivery.state == HANDING, Delivery.next_attempt_at < now - LATE_BY_HAND),
    )
    return await tx.scalars(sa.select(Delivery.notice_id).where(late).order_by(Delivery.notice_id).limit(MOST_NAMED))


async def unmatched(tx: Transaction) -> tuple[int, datetime | None]:
    """How many mails nobody has assigned, and since when the first of them lies there."""
    oldest = sa.func.min(UnmatchedRow.arrived_at).label("since")
    both = sa.select(sa.func.count().label("all"), oldest).where(UnmatchedRow.assigned_at.is_(None))
    row = (await tx.execute(both)).one()
    return row.all, row.since


async def _counts(tx: Transaction, name: InstrumentedAttribute[str], which: sa.ColumnElement[bool]) -> dict[str, int]:
    rows = await tx.execute(sa.select(name.label("name"), sa.func.count().label("many")).where(which).group_by(name))
    return {row.name: row.many for row in rows}


async def _open_ends(database: Database) -> list[UUID]:
    """Over all cases whose content is not gone; of a case without a ladder every notice is one."""
    found: list[UUID] = []
    after = UUID(int=0)
    while True:
        async with database.transaction() as tx:
            open_cases = sa.select(WatchRow.case_id).where(WatchRow.state != REMOVED, WatchRow.case_id > after)
            cases = await tx.scalars(open_cases.order_by(WatchRow.case_id).limit(CASES_AT_ONCE))
            for case_id in cases:
                found += await _of_case(tx, case_id)
        if len(cases) < CASES_AT_ONCE:
            return found
        after = cases[-1]


async def _of_case(tx: Transaction, case_id: UUID) -> Sequence[UUID]:
    ladder = await tx.get(Ladder, case_id)
    if ladder is None:
        return await tx.scalars(sa.select(Delivery.notice_id).where(Delivery.case_id == case_id))
    return open_ends(await read_facts(tx, ladder), tx.clock.now())
