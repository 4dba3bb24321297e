"""What is public: months that are over, with no number from which a few people could be told.

A month is written once, some days after its end, and never again: what came later would otherwise show what came. It is
of all agencies together; countries and kinds of recipients that are too few stand together as the rest, and the rest is
never too few either. Figures of which one would follow from the others are left out. (Eurostat, Handbook on Statistical
Disclosure Control, 2010, 5: threshold rule and secondary suppression; starting value 10.) An agency can take its own
figures from the sums, and then knows what the others have together.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from math import floor, log10
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.gateway.care.groups import merged
from services.gateway.care.house import the_house
from services.gateway.care.scores import before, month_of
from services.gateway.figures.reading import Period, Sums, read
from services.gateway.figures.rolling import OVERLAP
from services.gateway.figures.store import FigureCursor, PublishedMonth
from services.gateway.store import Case
from shared.database import Transaction
from shared.handling import Context
from shared.regularly import regularly

LEAST = 10
# No total of these follows from others: "decided" would give what was rejected, if only what was approved is large.
TOTALS = ("found", "sent", "removed", "back")
SPANS = ("found_to_drafted", "decided_to_sent", "sent_to_removed", "found_to_removed")
LATE = timedelta(days=5)  # until which late facts of a month are waited for
LOOK_S = 3600.0
BACK = 12  # months that are made up for, where this ran not at all
DIGITS = 2  # of a duration: more would be precision that buckets do not have


async def keep(context: Context) -> None:
    await regularly(context, LOOK_S, publish)


async def publish(tx: Transaction) -> None:
    """Every month that is over and not public yet, once everything is counted: what is public is never put right."""
    house, now = the_house(), tx.clock.now()
    if not await _counted(tx, now - OVERLAP):
        return
    this = month_of(house.day(now - LATE))
    months = [before(this, n) for n in range(1, BACK + 1)]
    known = set(await tx.scalars(sa.select(PublishedMonth.month).where(PublishedMonth.month.in_(months))))
    for month in sorted(set(months) - known):
        last = before(month, -1) - timedelta(days=1)
        body = published(await read(tx, Period(month, last), None))
        if body["totals"]["found"] == 0:  # before there was anything; or nothing, which may still come to be counted
            continue
        row = {"month": month, "body": body, "published_at": now}
        await tx.execute(insert(PublishedMonth).values(row).on_conflict_do_nothing())


async def _counted(tx: Transaction, until: datetime) -> bool:
    """Whether every change until then is in the sums."""
    cursor = await tx.get(FigureCursor, True)
    if cursor is None:
        return False
    later = sa.tuple_(Case.updated_at, Case.case_id) > sa.tuple_(cursor.updated_at, cursor.case_id)
    return await tx.scalar(sa.select(Case.case_id).where(later, Case.updated_at < until).limit(1)) is None


def published(sums: Sums) -> dict[str, Any]:
    """A number under `LEAST` is null; 0 is told."""
    return {
        "totals": {name: enough(sums.count(name)) for name in TOTALS},
        "median_seconds": {name: median(sums, name) for name in SPANS},
        "removed_by_country": grouped(sums, "country"),
        "removed_by_kind": grouped(sums, "kind"),
    }


def enough(n: int) -> int | None:
    return n if n == 0 or n >= LEAST else None


def median(sums: Sums, measure: str) -> float | None:
    seconds = sums.quantile(0.5, measure) if sums.count(measure) >= LEAST else None
    return None if seconds is None else rounded(seconds)


def rounded(seconds: float) -> float:
    return round(seconds, DIGITS - 1 - floor(log10(seconds)))


def grouped(sums: Sums, dimension: str) -> dict[str, Any]:
    """`rest`: those of fewer than `LEAST` each, together; null when even that would be too few."""
    named = [(name, sums.count("removed", dimension, name)) for name in sums.values("removed", dimension)]
    shown, rest = merged(named, lambda n: n, lambda one, other: one + other, LEAST)
    return {"shown": dict(shown), "rest": rest}


async def months(tx: Transaction, limit: int) -> list[tuple[date, datetime, Mapping[str, Any]]]:
    """The newest first."""
    rows = await tx.scalars(sa.select(PublishedMonth).order_by(PublishedMonth.month.desc()).limit(limit))
    return [(row.month, row.published_at, row.body) for row in rows]
