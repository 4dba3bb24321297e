"""What a house looked at, in sums of weeks that are over; never of fewer than `PEOPLE`.

Rows of two days cannot be brought together, so people of a week are counted as those of its fullest day: never too
many."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.gateway.care import ledger
from services.gateway.care.groups import PEOPLE
from services.gateway.care.house import the_house
from services.gateway.care.serving import DAY
from services.gateway.care.units import Day
from shared.database import Transaction

KEPT = timedelta(days=30)
WEEKS = 3  # whole ones: a fourth would lose a day a night, and the difference would tell that day


@dataclass(frozen=True)
class Week:
    """`enough`: sums may be told; else they are 0. `days`: of people: how often somebody looked on a day."""

    monday: date
    enough: bool
    days: int = 0
    units: float = 0.0
    cases: int = 0
    opened: int = 0
    unblurred: int = 0

    @property
    def units_a_day(self) -> float:
        return self.units / self.days if self.days else 0.0


async def weeks(tx: Transaction, agency: str, now: datetime) -> list[Week]:
    """The newest first."""
    today = the_house().day(now)
    this = today - timedelta(days=today.weekday())
    first = this - timedelta(weeks=WEEKS)
    looked = await ledger.everybodys(tx, DAY, first, this - timedelta(days=1), Day)
    theirs = {day: [one for one in those if one.agency == agency] for day, those in looked.items()}
    return [week(this - timedelta(weeks=n), theirs) for n in range(1, WEEKS + 1)]


def week(monday: date, looked: Mapping[date, list[Day]]) -> Week:
    return summed(monday, [looked.get(monday + timedelta(days=n), []) for n in range(7)])


def summed(monday: date, by_day: list[list[Day]]) -> Week:
    if max(map(len, by_day), default=0) < PEOPLE:
        return Week(monday, enough=False)
    days = [one for those in by_day for one in those]
    looks: Counter[str] = Counter()
    for one in days:
        looks.update(one.looks)
    return Week(
        monday,
        enough=True,
        days=len(days),
        units=sum(one.units for one in days),
        cases=sum(one.cases for one in days),
        opened=looks["opened"] + looks["blurred"],
        unblurred=looks["unblurred"] + looks["full"],
    )
