"""A look is counted where it happens, in the transaction that lets it happen."""

from datetime import datetime
from uuid import UUID

from services.gateway.accounts import Account
from services.gateway.care import ledger
from services.gateway.care.choices import chosen, limits
from services.gateway.care.house import the_house
from services.gateway.care.ledger import Page
from services.gateway.care.serving import DAY
from services.gateway.care.units import EACH_TIME, Day, Kind, looked, spent
from services.gateway.problems import Problem
from services.gateway.store import Case
from shared.database import Transaction


async def note(tx: Transaction, login: str, case_id: UUID, kind: Kind | str, now: datetime) -> None:
    """Somebody is about to see this of the case: opened, blurred, unblurred or full. A program sees nothing.

    Raises `Problem` 403 "resting" for an unblurred look of somebody whose day is full: then nothing is shown."""
    kind = Kind(kind)
    account = await tx.get(Account, login)
    case = await tx.get(Case, case_id)
    if account is None or account.scripted or case is None:
        return
    house = the_house()
    entry = await ledger.hold(tx, Page(DAY, login, house.day(now)))
    day = ledger.unseal(entry, Day)
    if kind in EACH_TIME:
        own = await chosen(tx, login)
        if spent(day, await limits(tx, login, own)):
            raise Problem(403, "resting", until=house.day_ends(now))
    day = day.model_copy(update={"agency": account.agency})
    ledger.write(entry, looked(day, ledger.mark(case_id), case.category, kind, now))
