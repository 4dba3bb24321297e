"""What is on record of reports: written before a request leaves, and after its answer."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from services.notifier.channels.api.credentials import Credential
from services.notifier.channels.api.replies import Again, Duplicate, Judged, Refused, Taken, Unknown
from services.notifier.channels.api.store import (
    ACCEPTED,
    AGAIN,
    ASKING,
    LOST,
    REFUSED,
    UNKNOWN,
    ReportRow,
)
from services.notifier.channels.api.store import must_wait_s as must_wait_s
from services.notifier.channels.api.store import rest_s as rest_s
from shared.database import Transaction


async def read(tx: Transaction, notice_id: UUID, part: int) -> ReportRow | None:
    return await tx.get(ReportRow, (notice_id, part))


async def accepted(tx: Transaction, notice_id: UUID) -> dict[int, str]:
    """The receipts of a notice's reports that were accepted, by part."""
    mine = sa.select(ReportRow).where(ReportRow.notice_id == notice_id, ReportRow.state == ACCEPTED)
    return {row.part: row.receipt for row in await tx.scalars(mine)}


async def begin(tx: Transaction, case_id: UUID, notice_id: UUID, part: int, connector: str) -> datetime:
    """A request is about to leave. When the first one of this report did: its key counts from then."""
    now = tx.clock.now()
    row = await tx.get(ReportRow, (notice_id, part), lock=True)
    if row is None:
        row = ReportRow(notice_id=notice_id, part=part, case_id=case_id, attempt=0, asked_at=now)
        tx.add(row)
    elif row.state in (AGAIN, REFUSED):
        row.asked_at = now  # the API has nothing of what was asked before
    row.connector, row.state, row.attempt, row.last_at = connector, ASKING, row.attempt + 1, now
    return row.asked_at


async def end(tx: Transaction, notice_id: UUID, part: int, judged: Judged) -> None:
    """What became of it. An acceptance stays one, whoever reports something else afterwards."""
    row = await tx.get(ReportRow, (notice_id, part), lock=True)
    if row is None or row.state == ACCEPTED:
        return
    now = tx.clock.now()
    match judged:
        case Taken(receipt):
            row.state, row.receipt, row.reason, row.accepted_at = ACCEPTED, receipt, "", now
        case Again(reason, after_s):
            row.state, row.reason = AGAIN, reason
            row.rest_until = now + timedelta(seconds=after_s) if after_s else None
        case Unknown(reason):
            row.state, row.reason = UNKNOWN, reason
        case _:
            row.state, row.reason = REFUSED, judged.reason


async def lose(tx: Transaction, notice_id: UUID, part: int) -> None:
    row = await tx.get(ReportRow, (notice_id, part), lock=True)
    if row is not None and row.state != ACCEPTED:
        row.state = LOST


def settled(judged: Judged, own: Credential, *, again: bool) -> Judged:
    """Without our secrets, and with what a duplicate is: our own lost report, or somebody else's."""
    match judged:
        case Taken():
            return judged
        case Duplicate() if again:
            return Taken("")
        case Again(reason, after_s):
            return Again(own.masked(reason), after_s)
        case Unknown(reason):
            return Unknown(own.masked(reason))
        case Refused(reason, by_hand):
            return Refused(own.masked(reason), by_hand)
        case Duplicate(reason):
            return Refused(own.masked(reason))
