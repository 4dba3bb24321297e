"""What every change of a bank does: it takes a revision, leaves a line of who and why, and tells every classifier."""

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from services.classifier.hashes.store import Bank, BankChange, BankRevision
from shared.database import Transaction
from shared.events import HashListed
from shared.identity import identity


async def next_revision(tx: Transaction) -> int:
    """Waits for whoever changes a bank at the moment. Call it before anything else is written."""
    statement = sa.update(BankRevision).values(revision=BankRevision.revision + 1).returning(BankRevision.revision)
    return int((await tx.execute(statement)).scalar_one())


@dataclass(frozen=True)
class Author:
    """Who changes a bank, and why. `by`: a login or a pseudonym."""

    by: str
    why: str = ""


def record(tx: Transaction, bank: str, revision: int, author: Author, what: str, details: Mapping[str, object]) -> None:
    """The line that stays."""
    tx.add(
        BankChange(
            bank=bank,
            revision=revision,
            changed_at=tx.clock.now(),
            changed_by=author.by,
            what=what,
            why=author.why,
            details=dict(details),
        )
    )


def tell(tx: Transaction, bank: str, revision: int, changed: int) -> None:
    """Classifiers read what they lack up to `revision`. A bank is told of once a revision."""
    event = HashListed(bank=bank, listed_at=tx.clock.now(), revision=revision, changed=changed)
    tx.publish(event, id=identity("hash.listed", bank, revision))


class NothingListed(ValueError):
    """There is no such bank, or it has no such hash. The message says how to find what there is."""


async def bank_named(tx: Transaction, name: str) -> Bank:
    """Raises `NothingListed`."""
    bank = await tx.get(Bank, name)
    if bank is None:
        raise NothingListed(f"bank {name!r}: there is none; `haetae banks list` shows what there is")
    return bank


def operator(why: str = "") -> Author:
    """Who is at the command line."""
    try:
        return Author(getpass.getuser(), why)
    except (OSError, KeyError):  # a container's user may have no name
        return Author("command line", why)


async def bank_history(tx: Transaction, name: str, limit: int) -> Sequence[BankChange]:
    """Its newest lines. Raises `NothingListed`."""
    await bank_named(tx, name)
    query = sa.select(BankChange).where(BankChange.bank == name).order_by(BankChange.id.desc()).limit(limit)
    return await tx.scalars(query)
