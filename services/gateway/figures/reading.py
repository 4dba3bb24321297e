"""Cells of a period, summed by the database: few rows, however many cases they stand for."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import sqlalchemy as sa

from services.gateway.figures.buckets import quantile
from services.gateway.figures.counting import STAGES, WHEN
from services.gateway.figures.store import DAY, MONTH, FigureCell
from services.gateway.problems import Problem
from shared.database import Transaction

MOST_DAYS = 92  # read by day; a longer period is read by month, and begins and ends with one
MOST_MONTHS = 60
STANDING = ("waiting", "overdue")  # what holds now, whatever the period
COURSE = ("found", "sent", "removed")
# What a case adds once or a few times; "gone" has a histogram for each recipient, and is asked for those shown.
COUNTED = (*WHEN, *STAGES, "reupload", "approved", "judged", "asked", "bounced")
MOST_RECIPIENTS = 50  # those with most notices


@dataclass(frozen=True)
class Period:
    """`first` and `last` inclusive."""

    first: date
    last: date

    @property
    def grain(self) -> str:
        return DAY if (self.last - self.first).days < MOST_DAYS else MONTH

    def moments(self) -> list[date]:
        """Each day, or the first of each month."""
        if self.grain == DAY:
            return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        place = self.first.year * 12 + self.first.month - 1
        return [date((place + n) // 12, (place + n) % 12 + 1, 1) for n in range(months + 1)]


def period(first: date, last: date) -> Period:
    """A long one is widened to whole months. Raises `Problem` 422."""
    if last < first:
        raise Problem(422, "period-backwards", field="to")
    if (last - first).days > MOST_MONTHS * 31:
        raise Problem(422, "period-long", field="from", most=MOST_MONTHS)
    if Period(first, last).grain == DAY:
        return Period(first, last)
    return Period(first.replace(day=1), last)


Buckets = Mapping[int, int]


@dataclass
class Sums:
    """`counted[measure, dimension][value]`: a histogram. `course[measure][moment]`: how many. `standing[measure][value]
    [day]`: since when."""

    counted: dict[tuple[str, str], dict[str, Counter[int]]] = field(default_factory=lambda: defaultdict(dict))
    course: dict[str, dict[date, int]] = field(default_factory=lambda: defaultdict(dict))
    standing: dict[str, dict[str, dict[date, int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )

    def histogram(self, measure: str, dimension: str = "", value: str = "") -> Counter[int]:
        return self.counted[measure, dimension].get(value, Counter())

    def count(self, measure: str, dimension: str = "", value: str = "") -> int:
        return sum(self.histogram(measure, dimension, value).values())

    def quantile(self, q: float, measure: str, dimension: str = "", value: str = "") -> float | None:
        return quantile(self.histogram(measure, dimension, value), q)

    def values(self, measure: str, dimension: str) -> list[str]:
        return sorted(self.counted[measure, dimension])


async def read(tx: Transaction, wanted: Period, agency: str | None) -> Sums:
    """Of one agency; None: of all that are in sight."""
    sums = Sums()
    ours = [FigureCell.n != 0] + ([FigureCell.agency == agency] if agency is not None else [])
    within = [*ours, FigureCell.grain == wanted.grain, FigureCell.period.between(wanted.first, wanted.last)]
    await _count(tx, sums, [*within, FigureCell.measure.in_(COUNTED)])
    most = sorted(sums.values("asked", "recipient"), key=lambda name: (-sums.count("asked", "recipient", name), name))
    of_most = FigureCell.value.in_(most[:MOST_RECIPIENTS])
    await _count(tx, sums, [*within, FigureCell.measure == "gone", FigureCell.dimension == "recipient", of_most])
    by = (FigureCell.measure, FigureCell.period)
    course = sa.select(*by, TOTAL).where(*within, FigureCell.measure.in_(COURSE), FigureCell.dimension == "")
    for row in await tx.execute(course.group_by(*by)):
        sums.course[row.measure][row.period] = int(row.n)
    now = (FigureCell.measure, FigureCell.value, FigureCell.period)
    standing = sa.select(*now, TOTAL).where(*ours, FigureCell.grain == DAY, FigureCell.measure.in_(STANDING))
    for row in await tx.execute(standing.group_by(*now)):
        sums.standing[row.measure][row.value][row.period] = int(row.n)
    return sums


TOTAL = sa.func.sum(FigureCell.n).label("n")


async def _count(tx: Transaction, sums: Sums, where: Sequence[sa.ColumnElement[bool]]) -> None:
    keys = (FigureCell.measure, FigureCell.dimension, FigureCell.value, FigureCell.bucket)
    for row in await tx.execute(sa.select(*keys, TOTAL).where(*where).group_by(*keys)):
        sums.counted[row.measure, row.dimension].setdefault(row.value, Counter())[row.bucket] = int(row.n)
