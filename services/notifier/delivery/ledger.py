"""The mails that each recipient got or may have got, for its budget."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.delivery.budget import DAY, OF_DOMAIN, Allowances, Budget
from services.notifier.store import Base, Delivery
from shared.database import Transaction

KEPT = timedelta(days=3)  # twenty attempts take half a day, and each may have to wait for the budget of a day


class Mailing(Base):
    """A mail that went out `at` to a mailbox or domain (`name`). `carrier_id`: its Message-ID."""

    __tablename__ = "mailings"

    name: Mapped[str] = mapped_column(primary_key=True)
    carrier_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)


class Closed(Base):
    """A mailbox or domain that has had its mails: nothing goes there before `until`. May be forgotten at any time."""

    __tablename__ = "closed_recipients"

    name: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]


def names_of(row: Delivery) -> tuple[str, ...]:
    """Under which a mail is counted; reports to an API are counted by their connector."""
    return (row.address.lower(), OF_DOMAIN + row.domain) if row.channel == "mail" else ()


async def allowances(tx: Transaction, names: Iterable[str], budget: Budget) -> Allowances:
    now = tx.clock.now()
    query = sa.select(Mailing.name, Mailing.at).where(Mailing.name.in_(sorted(set(names))), Mailing.at > now - DAY)
    return Allowances(budget, ((row.name, row.at) for row in await tx.execute(query)), now)


async def enter(tx: Transaction, mails: Mapping[str, Iterable[str]]) -> None:
    """`mails`: by its Message-ID, the names to which a mail goes out now."""
    now = tx.clock.now()
    rows = [{"name": name, "carrier_id": mail, "at": now} for mail, names in mails.items() for name in names]
    if rows:
        await tx.execute(insert(Mailing).on_conflict_do_nothing(), rows)


async def close(tx: Transaction, closed: Mapping[str, datetime]) -> None:
    rows = [{"name": name, "until": until} for name, until in sorted(closed.items())]
    if rows:
        statement = insert(Closed)
        until = {"until": statement.excluded.until}
        await tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_=until), rows)


async def take_back(tx: Transaction, row: Delivery) -> bool:
    """The mail certainly did not go out. Whether the same mail may have gone out in an earlier attempt.

    Whether its recipient is closed is looked up anew at the next claim.
    """
    same = Mailing.carrier_id == row.carrier_id
    await tx.execute(sa.delete(Mailing).where(same, Mailing.at == row.last_attempt_at))
    await tx.execute(sa.delete(Closed).where(Closed.name.in_(names_of(row))))
    return await tx.scalar(sa.select(Mailing.at).where(same).limit(1)) is not None


async def forget(tx: Transaction) -> None:
    """What neither counts for a budget nor says any more what an earlier attempt may have done."""
    now = tx.clock.now()
    await tx.execute(sa.delete(Mailing).where(Mailing.at < now - KEPT))
    await tx.execute(sa.delete(Closed).where(Closed.until < now))
