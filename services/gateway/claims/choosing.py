"""The next case for somebody: the most pressing that is free, that they can bear, and that they did not put aside."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.gateway.care.serving import Serving, serving
from services.gateway.claims.claiming import LEASE, Claim, check_room, free_expired, one_by_one, release
from services.gateway.claims.store import Skip, Turn
from services.gateway.live.feed import Kind, telling_of
from services.gateway.sessions import Visitor
from shared.database import Transaction

PUT_ASIDE = timedelta(hours=2)  # by then somebody else has most likely taken it; it comes once more only after that
ANYTHING = Serving(frozenset(), None, None, "")  # for programs, which nothing wears out


@dataclass(frozen=True)
class Wish:
    """What somebody would like next; None: as it comes. `further`: a round after the first. `pictures`: False for
    cases of text alone."""

    category: str | None = None
    language: str | None = None
    further: bool | None = None
    known: bool | None = None
    reported: bool | None = None
    pictures: bool | None = None


async def claim_next(tx: Transaction, visitor: Visitor, wish: Wish, now: datetime, most: int = 0) -> Claim | None:
    """Take the next case of one's agency; None when nothing is left that may be handed to this person now. Leases that
    ended are waited for by nobody: they are freed when nothing else is there, and regularly (`claims/tending.py`).
    `most` at once, 0: any number. Raises `Problem` 409 "too-many-claims"."""
    account = visitor.account
    if most:
        await one_by_one(tx, account.pseudonym)
        await check_room(tx, account.pseudonym, now, most)
    care = ANYTHING if account.scripted else await serving(tx, account.login, now)
    taken = await _take(tx, visitor, wish, care, now)
    if taken is None and await free_expired(tx, now):
        taken = await _take(tx, visitor, wish, care, now)
    return taken


async def _take(tx: Transaction, visitor: Visitor, wish: Wish, care: Serving, now: datetime) -> Claim | None:
    milder = await _first(tx, visitor, wish, care, care.better_not, now)
    if milder or care.better_not == care.categories_out:
        return milder
    return await _first(tx, visitor, wish, care, care.categories_out, now)


async def _first(
    tx: Transaction, visitor: Visitor, wish: Wish, care: Serving, without: Iterable[str], now: datetime
) -> Claim | None:
    """One statement: found, locked and written, passing over what others are taking at this moment."""
    account = visitor.account
    best = best_of(visitor, wish, care, without, now).cte("best")
    until = now + LEASE
    taken = (
        sa.update(Turn)
        .where(Turn.case_id == best.c.case_id)
        .values(holder=account.pseudonym, claimed_at=now, until=until)
        .returning(Turn.agency, Turn.case_id, Turn.holder)
        .cte("taken")
    )
    case_id = await tx.scalar(sa.select(taken.c.case_id).add_cte(telling_of(taken, Kind.CLAIMED, now)))
    return Claim(case_id, account.pseudonym, now, until) if case_id else None


def best_of(visitor: Visitor, wish: Wish, care: Serving, without: Iterable[str], now: datetime) -> sa.Select[UUID]:
    """The one to be taken, locked."""
    free = _free(visitor.account.agency, visitor.account.pseudonym, now).where(*_wished(wish))
    if care.rest_until is not None:
        free = free.where(Turn.pictures == 0)
    if without := sorted(without):
        free = free.where(Turn.category.not_in(without))
    return free.order_by(Turn.rank.desc(), Turn.case_id).limit(1).with_for_update(of=Turn, skip_locked=True)


def _free(agency: str, pseudonym: str, now: datetime) -> sa.Select[UUID]:
    put_aside = sa.exists().where(Skip.pseudonym == pseudonym, Skip.case_id == Turn.case_id, Skip.until > now)
    return sa.select(Turn.case_id).where(Turn.agency == agency, Turn.holder.is_(None), ~put_aside)


def _wished(wish: Wish) -> list[sa.ColumnElement[bool]]:
    exactly = {
        Turn.category: wish.category,
        Turn.language: wish.language,
        Turn.further: wish.further,
        Turn.known: wish.known,
        Turn.reported: wish.reported,
    }
    wanted: list[sa.ColumnElement[bool]] = [column == value for column, value in exactly.items() if value is not None]
    if wish.pictures is not None:
        wanted.append(Turn.pictures > 0 if wish.pictures else Turn.pictures == 0)
    return wanted


async def skip(tx: Transaction, visitor: Visitor, case_id: UUID, now: datetime) -> None:
    """Put a case aside: it is free for others at once, and nobody is told or counts it."""
    account = visitor.account
    await release(tx, case_id, account.pseudonym, now)
    await tx.execute(sa.delete(Skip).where(Skip.pseudonym == account.pseudonym, Skip.until <= now))
    until, agency = now + PUT_ASIDE, account.agency
    known = sa.select(sa.literal(1)).where(Turn.case_id == case_id)
    if await tx.scalar(known):
        kept = insert(Skip).values(pseudonym=account.pseudonym, case_id=case_id, agency=agency, until=until)
        again = kept.on_conflict_do_update(index_elements=[Skip.pseudonym, Skip.case_id], set_={"until": until})
        await tx.execute(again)


async def take_up(tx: Transaction, visitor: Visitor) -> int:
    """What one put aside comes again. How many."""
    return (await tx.execute(sa.delete(Skip).where(Skip.pseudonym == visitor.account.pseudonym))).rowcount
