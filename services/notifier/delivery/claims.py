"""Which approved notices go out now, in which mails, to whom: decided in one transaction, before the first byte."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from services.notifier.channels.port import Letter
from services.notifier.delivery.budget import OF_DOMAIN, Budget
from services.notifier.delivery.ledger import Closed, allowances, close, enter, names_of
from services.notifier.store import SENDING, SENT, WAITING, Delivery
from shared.database import Transaction
from shared.identity import identity

# A notice of child protection goes before others, but not for ever: whoever waited longer than this goes first.
URGENT_AHEAD = timedelta(hours=6)
LOOK_AHEAD = 4  # rows looked at for each that can be taken: several may be for one mailbox
MOST_TOGETHER = 50  # notices in one mail: what a person may work off in a morning
LARGEST_TOGETHER = 400_000  # characters of their notices: with every part in base 64 well below a mail's limit
TOGETHER = "digest"  # in `Recipient.can`: reads several notices in one mail
# Names a mail that carries several notices.
Carrier = Callable[[UUID], str]


@dataclass(frozen=True)
class Claimed:
    """Notices that go out in one mail (or report), leased. `carrier_id`: its Message-ID."""

    rows: tuple[Delivery, ...]
    carrier_id: str
    leased_until: datetime
    threads: Mapping[tuple[UUID, str], tuple[str, ...]]

    @property
    def together(self) -> bool:
        return self.carrier_id != self.rows[0].message_id

    def letters(self) -> list[Letter]:
        return [row.letter(self.threads.get((row.case_id, row.address), ())) for row in self.rows]


@dataclass(frozen=True)
class Terms:
    """Under which a lane claims. `carrier`: None where a channel sends each notice alone."""

    channel: str
    instance: str
    lease_s: float
    budget: Budget
    carrier: Carrier | None = None


async def claim(tx: Transaction, terms: Terms, limit: int) -> list[Claimed]:
    """Lease what is due: at most one mail a recipient, none beyond its budget."""
    # One claim at a time: two that do not see each other's would send two mails to one recipient at once.
    lock = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
    await tx.execute(lock, {"name": f"notifier.claim.{terms.channel}"})
    due = _due(terms.channel, tx.clock.now()).limit(LOOK_AHEAD * limit).with_for_update(skip_locked=True)
    firsts: dict[str, Delivery] = {}
    for row in await tx.scalars(due):
        firsts.setdefault(row.address, row)
    names = {name for row in firsts.values() for name in names_of(row)}
    left = await allowances(tx, names, terms.budget)
    mails: dict[str, tuple[Delivery, ...]] = {}
    for row in firsts.values():
        its = names_of(row)
        room = left.left(its) if its else None
        if len(mails) == limit or room == 0:
            continue
        carrier_id, rows = await _mail(tx, row, terms, last=room == 1)
        mails[carrier_id] = rows
        left.take(its)
    await close(tx, left.closed(names))
    await enter(tx, {carrier_id: names_of(rows[0]) for carrier_id, rows in mails.items()})
    return await _leased(tx, mails, terms)


async def release(tx: Transaction, instance: str) -> None:
    """Give up the leases of this instance's former life, so that its mails need not wait for them to run out."""
    ours = sa.update(Delivery).where(Delivery.state == SENDING, Delivery.leased_by == instance)
    await tx.execute(ours.values(leased_until=tx.clock.now()))


def _due(channel: str, now: datetime) -> sa.Select[Delivery]:
    other = aliased(Delivery)
    busy = sa.exists().where(
        other.address == Delivery.address, other.state == SENDING, other.leased_until > now, other.channel == channel
    )
    names = (sa.func.lower(Delivery.address), OF_DOMAIN + Delivery.domain)
    closed = sa.exists().where(Closed.name.in_(names), Closed.until > now)
    ahead = sa.case((Delivery.urgent, URGENT_AHEAD), else_=timedelta(0))
    return (
        sa.select(Delivery)
        .where(Delivery.channel == channel, _ready(now), ~busy, ~closed)
        .order_by(Delivery.next_attempt_at - ahead, Delivery.notice_id)
    )


def _ready(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(
        sa.and_(Delivery.state == WAITING, Delivery.next_attempt_at <= now),
        sa.and_(Delivery.state == SENDING, Delivery.leased_until <= now),
    )


async def _mail(tx: Transaction, row: Delivery, terms: Terms, *, last: bool) -> tuple[str, tuple[Delivery, ...]]:
    """What goes out with this notice. A mail that may have arrived goes out again as it was, under its own name:
    whoever got it drops the repeat. The last mail that a recipient may get for now takes along what else waits for
    it."""
    now = tx.clock.now()
    if row.carrier_id is not None:
        if row.carrier_id == row.message_id:
            return row.carrier_id, (row,)
        same = sa.select(Delivery).where(Delivery.carrier_id == row.carrier_id, _ready(now)).with_for_update()
        return row.carrier_id, tuple(await tx.scalars(same.order_by(Delivery.notice_id)))
    if last and terms.carrier is not None and _takes_several(row):
        others = _due(terms.channel, now).where(Delivery.address == row.address, Delivery.carrier_id.is_(None))
        waiting = await tx.scalars(others.limit(MOST_TOGETHER).with_for_update(skip_locked=True))
        rows = sorted(_fitting([one for one in waiting if _takes_several(one)]), key=_host)
        if len(rows) > 1:
            return terms.carrier(identity("carrier", *(one.notice_id for one in rows), now)), tuple(rows)
    return row.message_id, (row,)


def _takes_several(row: Delivery) -> bool:
    return TOGETHER in row.notice["recipient"].get("can", ())


def _fitting(rows: Sequence[Delivery]) -> list[Delivery]:
    """As many of these, from the first on, as one mail holds."""
    sizes = list(accumulate(rows, lambda size, row: size + len(json.dumps(row.notice)), initial=0))
    return [row for row, size in zip(rows, sizes[1:], strict=True) if size <= LARGEST_TOGETHER]


def _host(row: Delivery) -> tuple[str, str]:
    """What is about one host stands together."""
    return row.notice.get("fields", {}).get("host", ""), str(row.notice_id)


async def _leased(tx: Transaction, mails: Mapping[str, tuple[Delivery, ...]], terms: Terms) -> list[Claimed]:
    now = tx.clock.now()
    until = now + timedelta(seconds=terms.lease_s)
    for carrier_id, rows in mails.items():
        for row in rows:
            row.state, row.attempt, row.last_attempt_at = SENDING, row.attempt + 1, now
            row.carrier_id, row.leased_by, row.leased_until = carrier_id, terms.instance, until
    threads = await _threads(tx, [row for rows in mails.values() for row in rows])
    return [Claimed(rows, carrier_id, until, threads) for carrier_id, rows in mails.items()]


async def _threads(tx: Transaction, rows: Sequence[Delivery]) -> Mapping[tuple[UUID, str], tuple[str, ...]]:
    """Message-IDs of what each recipient got before about the case, oldest first."""
    pairs: Iterable[tuple[UUID, str]] = sorted({(row.case_id, row.address) for row in rows})
    before = (
        sa.select(Delivery.case_id, Delivery.address, Delivery.message_id)
        .where(sa.tuple_(Delivery.case_id, Delivery.address).in_(pairs), Delivery.state == SENT)
        .order_by(Delivery.sent_at)
    )
    threads: dict[tuple[UUID, str], tuple[str, ...]] = {}
    for row in await tx.execute(before):
        its = row.case_id, row.address
        threads[its] = (*threads.get(its, ()), row.message_id)
    return threads
