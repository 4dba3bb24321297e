"""What a person sees of its own work, and nobody else does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.gateway.care import ledger, scores
from services.gateway.care.choices import Choices, chosen, limits
from services.gateway.care.house import the_house
from services.gateway.care.ledger import Page
from services.gateway.care.serving import DAY, Serving, served
from services.gateway.care.sums import KEPT
from services.gateway.care.units import Day, Limits
from shared.database import Transaction


@dataclass(frozen=True)
class Shift:
    """`days`: those of the last weeks on which the person looked at something, the newest first."""

    day: Day
    limits: Limits
    choices: Choices
    serving: Serving
    days: Sequence[tuple[date, Day]]
    scores: Sequence[scores.Score]

    @property
    def share(self) -> float:
        """Of the budget, 0 to 1."""
        return min(1.0, self.day.units / self.limits.budget)


async def shift(tx: Transaction, login: str, now: datetime) -> Shift:
    today = the_house().day(now)
    pages = {day: Page(DAY, login, day) for day in (today - timedelta(days=n) for n in range(KEPT.days))}
    known = await ledger.read_several(tx, *pages.values())
    days = [(day, ledger.read_from(known.get(page), Day)) for day, page in pages.items()]
    own = await chosen(tx, login)
    held = await limits(tx, login, own)
    looked = [(day, told) for day, told in days if told.looks]
    return Shift(days[0][1], held, own, served(days[0][1], own, held, now), looked, await scores.own(tx, login, now))
