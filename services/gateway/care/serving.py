"""What somebody should be handed next, and whether anything at all: asked before a case is given out."""

from dataclasses import dataclass
from datetime import datetime

from services.gateway.care import ledger
from services.gateway.care.choices import CHOICES, Choices, limits
from services.gateway.care.house import the_house
from services.gateway.care.ledger import Page
from services.gateway.care.units import MILD, Day, Limits, beyond, spent, suggestion
from shared.database import Transaction

DAY = "day"


@dataclass(frozen=True)
class Serving:
    """`categories_out`: never to be handed to this person. `most_severity`: what the next case should not exceed
    (`units.severity_of` its category); a wish, for nothing must wait for ever: when nothing milder waits, the next is
    handed out all the same. `rest_until`: nothing with pictures before. `why`: budget, mixing or "".
    `suggestion`: a break would be good (minutes, units or "")."""

    categories_out: frozenset[str]
    most_severity: float | None
    rest_until: datetime | None
    why: str
    suggestion: str = ""

    @property
    def better_not(self) -> frozenset[str]:
        """The categories to leave out at first: those chosen, and those too severe just now."""
        return self.categories_out | (beyond(self.most_severity) if self.most_severity is not None else frozenset())


async def serving(tx: Transaction, login: str, now: datetime) -> Serving:
    """In two queries: it is asked before each case that is handed out."""
    today, own = Page(DAY, login, the_house().day(now)), Page(CHOICES, login)
    known = await ledger.read_several(tx, today, own)
    chosen = ledger.read_from(known.get(own), Choices)
    return served(ledger.read_from(known.get(today), Day), chosen, await limits(tx, login, chosen), now)


def served(day: Day, own: Choices, limits: Limits, now: datetime) -> Serving:
    over, mixing = spent(day, limits), day.severe_run >= limits.run
    return Serving(
        categories_out=frozenset(own.out),
        most_severity=MILD if mixing else None,
        rest_until=the_house().day_ends(now) if over else None,
        why="budget" if over else "mixing" if mixing else "",
        suggestion=suggestion(day, limits, now),
    )
