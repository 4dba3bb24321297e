"""Who stands in the queue: a turn for each case that awaits review, kept with the case."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.gateway import queue
from services.gateway.claims.store import Turn
from services.gateway.clusters.marks import marks_of
from services.gateway.clusters.store import keep
from services.gateway.domain import State
from services.gateway.live.feed import Kind, tell
from services.gateway.notices.links import SAME_CONTENT
from services.gateway.notices.rows import Held
from services.gateway.store import Case
from shared.database import Transaction

UNKNOWN_CATEGORY = "unknown"  # while only a later event of the case is known


def place(held: Held) -> None:
    """Write the order of review and its reasons into the case."""
    case, known = held.case, known_of(held)
    made = queue.factors(known)
    case.factors = queue.stored(made)
    case.copies, case.pictures = known.copies, known.pictures
    case.waits_since, case.due_at = known.since, known.due
    case.rank = queue.order(made, known.since, known.due)


def known_of(held: Held) -> queue.Known:
    case = held.case
    moments = (case.found_at, case.flagged_at, case.sealed_at, case.drafted_at, case.sent_at, case.removed_at)
    since = min((moment for moment in moments if moment), default=queue.EPOCH)
    further = held.rounds.get(case.awaits) if case.awaits else None
    return queue.Known(
        category=case.category,
        risk=case.risk or 0.0,
        known=bool(case.known),
        urgency=case.urgency,
        copies=sum(not set(link.by).isdisjoint(SAME_CONTENT) for link in case.links or ()),
        pictures=to_look_at(case),
        since=further.drafted_at if further and further.drafted_at else since,
        reported=case.reported_at is not None,
    )


def to_look_at(case: Case) -> int:
    """Different pictures and videos of the page: what has the same digest is looked at once."""
    finding = case.finding
    if finding is None:
        return 0
    return len({one.sha256 for one in finding.pictures} | {one.sha256 for one in finding.videos})


async def sync(tx: Transaction, held: Held) -> None:
    """The case's turn as the case is now: made, changed or gone. The case is held; a claim of it stays."""
    case = held.case
    if case.state != State.DRAFTED and case.awaits is None:
        gone = await tx.execute(sa.delete(Turn).where(Turn.case_id == case.case_id))
        if gone.rowcount:
            await tell(tx, case.agency, case.case_id, Kind.GONE)
        return
    values = {
        "agency": case.agency,
        "rank": case.rank,
        "category": case.category or UNKNOWN_CATEGORY,
        "language": case.language,
        "pictures": case.pictures or 0,
        "known": bool(case.known),
        "reported": case.reported_at is not None,
        "further": case.awaits is not None,
        "formula": queue.FORMULA,
    }
    made = insert(Turn).values(case_id=case.case_id, **values)
    kept = made.on_conflict_do_update(index_elements=[Turn.case_id], set_=values)
    fresh = await tx.execute(kept.returning(sa.literal_column("xmax = 0")))  # a row that was there has a locker
    await keep(tx, case.agency, case.case_id, marks_of(case))
    if fresh.scalar():
        await tell(tx, case.agency, case.case_id, Kind.WAITING)
