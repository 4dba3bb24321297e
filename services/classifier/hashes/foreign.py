"""What lists of others may not do here by themselves: hide content, count as one's own, come back older than they
were. A person at the command line may let them."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from services.classifier.hashes.banks import ensure_bank
from services.classifier.hashes.changes import Author, next_revision, record
from services.classifier.hashes.entries import BankDraft, Kind, Source
from services.classifier.hashes.exchange.signed import Header
from services.classifier.hashes.store import Bank, BankChange
from shared.database import Database, Transaction

SIGNED_LIST = "signed list taken"  # the line of the history with the moment at which the list was made


def cautious(draft: BankDraft) -> BankDraft:
    """A bank of an exchange that says what is harmless begins switched off: with it others could hide content here."""
    if draft.source is Source.EXCHANGE and draft.kind is Kind.HARMLESS:
        return draft.model_copy(update={"enabled": False})
    return draft


async def refuse_mixing(database: Database, name: str, draft: BankDraft) -> None:
    """Raises `ValueError` when hashes that others vouch for would count as those of a bank of one's own."""
    if draft.source is not Source.EXCHANGE:
        return
    async with database.transaction() as tx:
        bank = await tx.get(Bank, name)
    if bank is not None and bank.source != Source.EXCHANGE:
        raise ValueError(
            f"bank {name!r} is of source {bank.source}, these hashes are of an exchange and would count as one's own; "
            "give another --bank, or --trust to let them"
        )


async def take_newer(
    database: Database, header: Header, draft: BankDraft, author: Author, *, older: bool = False
) -> None:
    """Remember when the signed list was made. The same one may come again, to complete what was interrupted. Raises
    `ValueError` for one that is older than the newest that was taken, unless it may be `older`."""
    async with database.transaction() as tx:
        revision = await next_revision(tx)
        newest = await _newest(tx, header.listed_as)
        if newest and header.created < newest and not older:
            raise ValueError(
                f"the list was made {_said(header.created)}, and one made {_said(newest)} was taken already: what "
                f"{header.agency!r} took back between them would come back; ask for a new list, or give --older"
            )
        if newest is None or header.created > newest:
            await ensure_bank(tx, header.listed_as, draft, revision, author)
            details = {"created": header.created.isoformat(), "key": header.key}
            record(tx, header.listed_as, revision, author, SIGNED_LIST, details)


async def switched_off(database: Database, names: Sequence[str]) -> Sequence[str]:
    """Those of the banks that nothing is matched with."""
    async with database.transaction() as tx:
        off = sa.select(Bank.name).where(Bank.name.in_(names), Bank.enabled.is_(False))
        return await tx.scalars(off.order_by(Bank.name))


async def _newest(tx: Transaction, name: str) -> datetime | None:
    line = sa.select(BankChange.details["created"].astext).where(
        BankChange.bank == name, BankChange.what == SIGNED_LIST
    )
    found = await tx.scalar(line.order_by(BankChange.id.desc()).limit(1))
    return datetime.fromisoformat(found) if found else None


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}"
