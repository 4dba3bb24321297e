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
    pages = [today - timedelta(days=n) for n in range(KEPT.days)]
    days = [(day, await ledger.read(tx, Page(DAY, login, day), Day)) for day in pages]
    own = await chosen(tx, login)
    held = await limits(tx, login, own)
    looked = [(day, told) for day, told in days if told.looks]
    return Shift(days[0][1], held, own, served(days[0][1], own, held, now), looked, await scores.own(tx, login, now))
