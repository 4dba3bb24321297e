"""The feed: every public event once, as its topic has it, at a position of its own.

Positions have no gaps, and a later one is never in sight before an earlier one: the row that counts them is held until
the transaction ends, so that one writer at a time takes the next. Who has read up to a position has missed nothing.
Events of one key stand in the order of their topic.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.store import Base
from shared.database import Transaction
from shared.events import AlertRaised, CaseChanged, Event, ReferralMade, TreeHeadSigned

# All that is public; a test holds this to the catalogue.
PUBLIC: tuple[type[Event], ...] = (AlertRaised, CaseChanged, ReferralMade, TreeHeadSigned)
TYPES = frozenset(event.type for event in PUBLIC)


class PublicEvent(Base):
    """`data`: the record's value, JSON as it was published. `taken_at`: when it came here, which orders as positions do
    but for the clocks of several processes. Attributes that an event did not have are empty."""

    __tablename__ = "public_events"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[UUID]
    type: Mapped[str]
    source: Mapped[str]
    subject: Mapped[str]
    time: Mapped[datetime]
    dataschema: Mapped[str]
    traceparent: Mapped[str]
    tracestate: Mapped[str]
    data: Mapped[str]
    taken_at: Mapped[datetime]


class Ends(Base):
    """One row. `newest`: the last position that was given; `forgotten`: up to where nothing is kept any more."""

    __tablename__ = "public_events_ends"

    one: Mapped[bool] = mapped_column(primary_key=True)
    newest: Mapped[int]
    forgotten: Mapped[int]


async def take(event: Event, tx: Transaction) -> None:
    """The handler of every public event. One that is kept already (its topic was read again) keeps its place."""
    cause = tx.cause
    if cause is None:
        raise ValueError("a public event is taken from its topic")
    known = sa.exists().where(PublicEvent.event_id == cause.id)
    place = sa.update(Ends).where(~known).values(newest=Ends.newest + 1).returning(Ends.newest).cte("place")
    values = {
        "event_id": cause.id,
        "type": event.type,
        "source": cause.source,
        "subject": event.key_value,
        "time": cause.time,
        "dataschema": cause.dataschema,
        "traceparent": cause.trace.get("traceparent", ""),
        "tracestate": cause.trace.get("tracestate", ""),
        "data": cause.value.decode(),
        "taken_at": tx.clock.now(),
    }
    columns = PublicEvent.__table__.c
    given = [sa.literal(value, columns[name].type).label(name) for name, value in values.items()]
    await tx.execute(sa.insert(PublicEvent).from_select(["position", *values], sa.select(place.c.newest, *given)))


async def ends(tx: Transaction) -> Ends:
    return (await tx.scalars(sa.select(Ends)))[0]


async def after(tx: Transaction, position: int, types: frozenset[str], most: int) -> tuple[Sequence[PublicEvent], int]:
    """What follows the position, in order, and the position up to which nothing else does. `types`: empty for all."""
    newest = (await ends(tx)).newest
    wanted = [PublicEvent.position > position, PublicEvent.position <= newest]
    if types:
        wanted.append(PublicEvent.type.in_(sorted(types)))
    rows = await tx.scalars(sa.select(PublicEvent).where(*wanted).order_by(PublicEvent.position).limit(most))
    return rows, rows[-1].position if len(rows) == most else max(newest, position)


async def before(tx: Transaction, moment: datetime) -> int:
    """The position after which the first event stands that came at the moment or later, as far as it is kept."""
    newest = (await ends(tx)).newest
    first = await tx.scalar(sa.select(sa.func.min(PublicEvent.position)).where(PublicEvent.taken_at >= moment))
    return newest if first is None else first - 1


async def forget(tx: Transaction, moment: datetime, most: int) -> int:
    """Drop what came before the moment, the oldest first, so that what is left has no gap; how many."""
    old = await tx.scalar(sa.select(sa.func.max(PublicEvent.position)).where(PublicEvent.taken_at < moment))
    if old is None:
        return 0
    kept = (await tx.scalars(sa.select(Ends).with_for_update()))[0]
    upto = min(old, kept.forgotten + most)
    gone = await tx.execute(sa.delete(PublicEvent).where(PublicEvent.position <= upto))
    kept.forgotten = max(upto, kept.forgotten)
    return gone.rowcount
