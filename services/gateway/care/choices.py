"""What a person chose for itself, what an admin allowed it, and what its agency holds for all."""

from collections.abc import Iterable

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.care import ledger
from services.gateway.care.ledger import Page
from services.gateway.care.units import SEVERITY, HouseLimits, Limits, lowest
from services.gateway.problems import Problem
from services.gateway.store import Base
from shared.database import Transaction

CHOICES = "choices"
MIN_BUDGET, MAX_BUDGET = 1.0, 1000.0
MAX_RUN = 20
MAX_SHARE = 0.2  # a second look is an exposure too
CATEGORIES = frozenset(SEVERITY)


class Choices(BaseModel):
    """`budget`: of a day, the person's own; `ceiling`: what an admin allowed instead of the agency's."""

    budget: float | None = None
    ceiling: float | None = None
    out: list[str] = []


class Default(Base):
    """What an agency holds for all of its people; without a row, the numbers of `Limits`."""

    __tablename__ = "care_defaults"

    agency: Mapped[str] = mapped_column(primary_key=True)
    budget: Mapped[float]
    stretch_units: Mapped[float]
    run: Mapped[int] = mapped_column(sa.Integer)
    golden_share: Mapped[float]
    second_share: Mapped[float]


async def chosen(tx: Transaction, login: str) -> Choices:
    return await ledger.read(tx, Page(CHOICES, login), Choices)


async def limits(tx: Transaction, login: str, own: Choices) -> Limits:
    return lowest(await of_house(tx, login), own.ceiling, own.budget)


async def of_house(tx: Transaction, login: str) -> HouseLimits:
    """What this person's agency holds for all, in one query: it is asked before each case."""
    theirs = sa.select(Default).join(Account, Account.agency == Default.agency).where(Account.login == login)
    return as_limits(await tx.scalar(theirs))


async def held_default(tx: Transaction, agency: str) -> Default:
    """Locked, and there from now on: two who set it first at once would both make it."""
    numbers = {"agency": agency, **HouseLimits().model_dump()}
    await tx.execute(insert(Default).values(numbers).on_conflict_do_nothing())
    row = await tx.get(Default, agency, lock=True)
    if row is None:
        raise LookupError(f"the limits of {agency} vanished")
    return row


async def default(tx: Transaction, agency: str) -> HouseLimits:
    return as_limits(await tx.get(Default, agency))


def as_limits(row: Default | None) -> HouseLimits:
    return HouseLimits(**{name: getattr(row, name) for name in HouseLimits.model_fields}) if row else HouseLimits()


async def choose(tx: Transaction, login: str, budget: float | None, out: Iterable[str]) -> None:
    """One's own: nobody is told and no reason is asked. Raises `Problem` 422."""
    wanted = sorted(set(out))
    if unknown := set(wanted) - CATEGORIES:
        raise Problem(422, "unknown-category", field="out", category=min(unknown))
    if budget is not None and not MIN_BUDGET <= budget <= MAX_BUDGET:
        raise Problem(422, "bad-budget", field="budget", least=MIN_BUDGET, most=MAX_BUDGET)
    entry = await ledger.hold(tx, Page(CHOICES, login))
    before = ledger.unseal(entry, Choices)
    allowed = (await of_house(tx, login)).budget if before.ceiling is None else before.ceiling
    if budget is not None and budget > allowed:
        raise Problem(422, "budget-raised", field="budget", most=allowed)
    ledger.write(entry, before.model_copy(update={"budget": budget, "out": wanted}))


async def allow(tx: Transaction, by: Account, login: str, ceiling: float | None, why: str) -> None:
    """An admin lets one person have another budget than its agency's, None: the agency's again. What the person chose
    stays, and stays unseen. Raises `Problem` 403, 404 or 422."""
    if not why.strip():
        raise Problem(422, "no-why", field="why")
    if ceiling is not None and not MIN_BUDGET <= ceiling <= MAX_BUDGET:
        raise Problem(422, "bad-budget", field="budget", least=MIN_BUDGET, most=MAX_BUDGET)
    account = await tx.get(Account, login)
    if account is None or account.agency != by.agency:
        raise Problem(404, "no-account", field="login")
    if account.login == by.login:
        raise Problem(403, "own-budget", field="login")
    entry = await ledger.hold(tx, Page(CHOICES, login))
    ledger.write(entry, ledger.unseal(entry, Choices).model_copy(update={"ceiling": ceiling}))
    told = {"account": account.pseudonym, "budget": "agency" if ceiling is None else f"{ceiling:g}", "why": why}
    await history.append(tx, ACCESS_CHAIN, by.pseudonym, Action.CARE_ALLOWED, told)


async def set_default(tx: Transaction, by: Account, wanted: HouseLimits) -> None:
    """For everybody of the admin's agency. Raises `Problem` 422."""
    check_house(wanted)
    row = await held_default(tx, by.agency)
    for name, value in wanted.model_dump().items():
        setattr(row, name, value)
    told = {name: f"{value:g}" for name, value in wanted.model_dump().items()} | {"agency": by.agency}
    await history.append(tx, ACCESS_CHAIN, by.pseudonym, Action.CARE_DEFAULTS, told)


def check_house(wanted: HouseLimits) -> None:
    for field in ("budget", "stretch_units"):
        if not MIN_BUDGET <= getattr(wanted, field) <= MAX_BUDGET:
            raise Problem(422, "bad-budget", field=field, least=MIN_BUDGET, most=MAX_BUDGET)
    if not 1 <= wanted.run <= MAX_RUN:
        raise Problem(422, "bad-run", field="run", most=MAX_RUN)
    for field in ("golden_share", "second_share"):
        if not 0 <= getattr(wanted, field) <= MAX_SHARE:
            raise Problem(422, "bad-share", field=field, most=MAX_SHARE)
