"""Reading the changes in the order in which they became visible, none left out.

Positions are taken before commits, so that a later position may be visible before an earlier one. The number of a
transaction says more: what is below the oldest one still running (`pg_snapshot_xmin`) has ended, and nothing is added
to it any more. A transaction that takes long holds back what is told; nothing is lost by it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from services.gateway.live.feed import Change
from shared.database import Transaction

AT_ONCE = 2_000  # changes of one reading; more follow at once


class Place(NamedTuple):
    """Of a change in the order; also the id of its event: `812.44`."""

    xid: int
    position: int

    def __str__(self) -> str:
        return f"{self.xid}.{self.position}"


BEFORE_ALL = Place(0, 0)


def place_of(text: str) -> Place | None:
    """None for what is no place: a listener that says so begins anew."""
    xid, _, position = text.partition(".")
    digits = all(part.isascii() and part.isdigit() and len(part) < 20 for part in (xid, position))
    return Place(int(xid), int(position)) if digits else None


async def ended(tx: Transaction) -> Place:
    """Everything before this place has ended."""
    oldest = sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return Place((await tx.execute(oldest)).scalar_one(), 0)


async def after(tx: Transaction, place: Place) -> Sequence[Change]:
    key = sa.tuple_(Change.xid, Change.position)
    oldest = sa.cast(sa.cast(sa.func.pg_snapshot_xmin(sa.func.pg_current_snapshot()), sa.Text), sa.BigInteger)
    rows = sa.select(Change).where(key > sa.tuple_(*map(sa.literal, place)), Change.xid < oldest)
    return await tx.scalars(rows.order_by(Change.xid, Change.position).limit(AT_ONCE))
