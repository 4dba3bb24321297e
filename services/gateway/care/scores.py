"""Agreement with second looks: to a person its own, to a house sums of closed months."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import BaseModel

from services.gateway.care import ledger
from services.gateway.care.agreement import Agreement, Pair, agreement, together
from services.gateway.care.groups import PEOPLE, merged
from services.gateway.care.house import the_house
from services.gateway.care.ledger import Page
from shared.database import Transaction

MONTH = "month"
MONTHS = 12  # kept, and shown


class Month(BaseModel):
    """`looks`: category, what was said first, what this person said; and how often."""

    agency: str = ""
    looks: dict[str, int] = {}

    def table(self, category: str | None = None) -> Counter[Pair]:
        counts: Counter[Pair] = Counter()
        for key, count in self.looks.items():
            about, first, second = key.split("|")
            if category in (None, about):
                counts[first, second] += count
        return counts

    @property
    def categories(self) -> set[str]:
        return {key.partition("|")[0] for key in self.looks}


@dataclass(frozen=True)
class Score:
    """`category`: empty for all together."""

    category: str
    agreement: Agreement


@dataclass(frozen=True)
class HouseScores:
    """All empty when fewer than `PEOPLE` took part: too few to say anything. `others`: the categories with too few
    people each, together."""

    month: date
    whole: Agreement | None
    scores: Sequence[Score]
    others: Agreement | None


def month_of(day: date) -> date:
    return day.replace(day=1)


def before(month: date, months: int) -> date:
    """The first day of the month that many months earlier."""
    place = month.year * 12 + month.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)


async def add(
    tx: Transaction, login: str, agency: str, now: datetime, *, category: str, first: str, second: str
) -> None:
    entry = await ledger.hold(tx, Page(MONTH, login, month_of(the_house().day(now))))
    month = ledger.unseal(entry, Month)
    key = f"{category}|{first}|{second}"
    looks = month.looks | {key: month.looks.get(key, 0) + 1}
    ledger.write(entry, Month(agency=agency, looks=looks))


async def own(tx: Transaction, login: str, now: datetime) -> list[Score]:
    """Of the last months together: all, then by category."""
    this = month_of(the_house().day(now))
    known = await ledger.read_several(tx, *(Page(MONTH, login, before(this, n)) for n in range(MONTHS)))
    months = [ledger.unseal(entry, Month) for entry in known.values()]
    categories = sorted(set().union(*(month.categories for month in months)))
    whole = Score("", agreement(together(month.table() for month in months)))
    return [whole, *(Score(name, agreement(together(m.table(name) for m in months))) for name in categories)]


async def closed_months(tx: Transaction, agency: str, now: datetime) -> list[HouseScores]:
    """The newest first."""
    this = month_of(the_house().day(now))
    months = [before(this, n) for n in range(1, MONTHS + 1)]
    kept = await ledger.everybodys(tx, MONTH, months[-1], months[0], Month)
    return [of_house(month, [one for one in kept.get(month, []) if one.agency == agency]) for month in months]


def of_house(month: date, people: Sequence[Month]) -> HouseScores:
    """Of a month that is over: while it runs, its sums before and after a look would tell that look."""
    if len(people) < PEOPLE:
        return HouseScores(month, None, (), None)
    by_category = [
        (name, [one for one in people if name in one.categories])
        for name in sorted(set().union(*(one.categories for one in people)))
    ]
    named = [(name, {(id(one), name): one.table(name) for one in those}) for name, those in by_category]
    shown, rest = merged(named, people_in, lambda one, other: one | other, PEOPLE)
    shown.sort(key=lambda one: one[0])
    scores = [Score(name, agreement(together(tables.values()))) for name, tables in shown]
    others = agreement(together(rest.values())) if rest else None
    return HouseScores(month, agreement(together(one.table() for one in people)), scores, others)


def people_in(tables: dict[tuple[int, str], Counter[Pair]]) -> int:
    return len({person for person, _ in tables})
