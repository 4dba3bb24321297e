"""Who works on a case, for as long as a lease lasts: never two at once.

A claim is a column of the case's turn, taken in one statement: PostgreSQL passes over what somebody else is just taking
(SKIP LOCKED), on every replica alike. A lease that ended counts for nothing, and whoever decides proves inside that
very transaction that nobody else has the case by then (`check`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from services.gateway.claims.store import Turn
from services.gateway.live.feed import Kind, tell
from services.gateway.problems import Problem
from services.gateway.store import Case
from shared.database import Transaction

LEASE = timedelta(minutes=10)  # a look at the page and its notices takes three; an open page renews it
MOST = 5  # a person's at once: what waits in somebody's tabs is got by nobody else
GRACE = timedelta(seconds=30)  # a page that is left may be on its way to itself: a reload, a form that is sent


@dataclass(frozen=True)
class Claim:
    """`holder`: a pseudonym."""

    case_id: UUID
    holder: str
    claimed_at: datetime
    until: datetime


async def claim(tx: Transaction, case_id: UUID, pseudonym: str, now: datetime, most: int = 0) -> Claim:
    """Take the case, or renew what one has already; `most` at once, 0: any number. Raises `Problem` 404, 409 "claimed",
    "too-many-claims", or "not-waiting" for a case that awaits no review."""
    if most:
        await one_by_one(tx, pseudonym)
    turn = await held_turn(tx, case_id)
    if turn is None:
        raise await _no_turn(tx, case_id)
    _refuse_others(turn, pseudonym, now)
    if turn.holder == pseudonym and turn.claimed_at and not _over(turn, now):
        turn.until = now + LEASE
        return Claim(case_id, pseudonym, turn.claimed_at, turn.until)
    await check_room(tx, pseudonym, now, most)
    return await _take(tx, turn, pseudonym, now)


async def check_room(tx: Transaction, pseudonym: str, now: datetime, most: int) -> None:
    """One more may be taken. Raises `Problem` 409 "too-many-claims"."""
    if not most:
        return
    held = sa.select(sa.func.count()).where(Turn.holder == pseudonym, Turn.until > now)
    if (await tx.execute(held)).scalar_one() >= most:
        raise Problem(409, "too-many-claims", most=most)


async def one_by_one(tx: Transaction, pseudonym: str) -> None:
    """Who claims several at once is answered in turn, until the transaction ends. Before any turn is locked, so that
    nobody waits in a circle."""
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"claims {pseudonym}", 0))))


async def _take(tx: Transaction, turn: Turn, pseudonym: str, now: datetime) -> Claim:
    turn.holder, turn.claimed_at, turn.until = pseudonym, now, now + LEASE
    await tell(tx, turn.agency, turn.case_id, Kind.CLAIMED, pseudonym)
    return Claim(turn.case_id, pseudonym, now, turn.until)


async def renew(tx: Transaction, case_id: UUID, pseudonym: str, now: datetime) -> Claim:
    """What an open page does while somebody works on it: never takes what was given back. Raises `Problem` 409
    "claim-lost", or "claimed" when somebody else has the case by now."""
    turn = await held_turn(tx, case_id)
    if turn is None:
        raise await _no_turn(tx, case_id)
    _refuse_others(turn, pseudonym, now)
    if turn.holder != pseudonym:
        raise Problem(409, "claim-lost")
    return await claim(tx, case_id, pseudonym, now)


async def release(tx: Transaction, case_id: UUID, pseudonym: str, now: datetime) -> bool:
    """Give the case back; False when it was not one's own (any more)."""
    turn = await held_turn(tx, case_id)
    if turn is None or turn.holder != pseudonym:
        return False
    turn.holder = turn.claimed_at = turn.until = None
    await tell(tx, turn.agency, case_id, Kind.FREED)
    return True


async def leave(tx: Transaction, case_id: UUID, pseudonym: str, now: datetime) -> None:
    """The page was closed, or is about to come back: the lease ends soon, unless it is renewed."""
    mine = Turn.case_id == case_id, Turn.holder == pseudonym, Turn.until > now + GRACE
    await tx.execute(sa.update(Turn).where(*mine).values(until=now + GRACE))


async def holder(tx: Transaction, case_id: UUID, now: datetime) -> Claim | None:
    """Who has the case; None when nobody does."""
    held = sa.select(Turn).where(Turn.case_id == case_id, Turn.until > now)
    turn = await tx.scalar(held)
    return _claim_of(turn) if turn else None


async def check(tx: Transaction, case_id: UUID, pseudonym: str, now: datetime) -> None:
    """Nobody else has the case, until the transaction ends. Raises `Problem` 409 "claimed". Without a claim this is
    one; a case without a turn is for its state to judge."""
    turn = await held_turn(tx, case_id)
    if turn is None:
        return
    _refuse_others(turn, pseudonym, now)
    if turn.holder != pseudonym:
        await _take(tx, turn, pseudonym, now)


async def mine(tx: Transaction, pseudonym: str, now: datetime) -> Sequence[Claim]:
    """What somebody holds, the first taken first."""
    held = sa.select(Turn).where(Turn.holder == pseudonym, Turn.until > now).order_by(Turn.claimed_at, Turn.case_id)
    return [_claim_of(turn) for turn in await tx.scalars(held)]


async def free_expired(tx: Transaction, now: datetime) -> int:
    """Leases that ended come back into the order. How many."""
    over = sa.select(Turn.case_id).where(Turn.holder.is_not(None), Turn.until <= now).with_for_update(skip_locked=True)
    freed = sa.update(Turn).where(Turn.case_id.in_(over)).values(holder=None, claimed_at=None, until=None)
    rows = (await tx.execute(freed.returning(Turn.agency, Turn.case_id))).mappings().all()
    for row in rows:
        await tell(tx, row["agency"], row["case_id"], Kind.FREED)
    return len(rows)


async def held_turn(tx: Transaction, case_id: UUID) -> Turn | None:
    """Locked, and as it is now: what this transaction read of it before is old."""
    wanted = sa.select(Turn).where(Turn.case_id == case_id).with_for_update()
    return await tx.scalar(wanted.execution_options(populate_existing=True))


async def _no_turn(tx: Transaction, case_id: UUID) -> Problem:
    there = await tx.scalar(sa.select(sa.literal(1)).where(Case.case_id == case_id))
    return Problem(409, "not-waiting") if there else Problem(404, "no-case")


def _refuse_others(turn: Turn, pseudonym: str, now: datetime) -> None:
    if turn.holder not in (None, pseudonym) and not _over(turn, now):
        raise Problem(409, "claimed", by=turn.holder, until=turn.until)


def _over(turn: Turn, now: datetime) -> bool:
    return turn.until is None or turn.until <= now


def _claim_of(turn: Turn) -> Claim:
    if turn.holder is None or turn.claimed_at is None or turn.until is None:
        raise ValueError(f"nobody holds {turn.case_id}")
    return Claim(turn.case_id, turn.holder, turn.claimed_at, turn.until)
