"""The hash bank's table and its queries."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.classifier.hashes.bank import BankRow
from services.classifier.store import Base
from shared.database import Database, Transaction
from shared.events.values import HashEntry

PAGE = 50_000  # rows read at once when the bank is loaded: some ten megabytes


class BankEntry(Base):
    __tablename__ = "bank_entries"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    bank: Mapped[str]
    entry: Mapped[str]
    category: Mapped[str]
    algorithm: Mapped[str]
    hash: Mapped[bytes]
    variant: Mapped[str]
    threshold: Mapped[int] = mapped_column(sa.SmallInteger)
    added_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


async def insert_new(
    tx: Transaction, bank: str, entries: Sequence[HashEntry], added_at: datetime
) -> tuple[HashEntry, ...]:
    """Write those that the bank does not have yet, and return them in their order."""
    by_key = {(entry.entry, entry.algorithm, bytes.fromhex(entry.hash)): entry for entry in entries}
    rows = [
        {**entry.model_dump(), "bank": bank, "hash": digest, "added_at": added_at}
        for (_, _, digest), entry in by_key.items()
    ]
    statement = insert(BankEntry).values(rows).on_conflict_do_nothing()
    result = await tx.execute(statement.returning(BankEntry.entry, BankEntry.algorithm, BankEntry.hash))
    written: Sequence[tuple[Any, ...]] = result.all()
    new = {(entry, algorithm, bytes(digest)) for entry, algorithm, digest in written}
    return tuple(entry for key, entry in by_key.items() if key in new)


async def stored_rows(database: Database) -> AsyncIterator[Sequence[BankRow]]:
    """The whole bank, a page at a time, each page in a short transaction of its own."""
    columns = (
        BankEntry.id,
        BankEntry.bank,
        BankEntry.entry,
        BankEntry.category,
        BankEntry.algorithm,
        BankEntry.hash,
        BankEntry.variant,
        BankEntry.threshold,
    )
    last = 0
    while True:
        async with database.transaction() as tx:
            page = sa.select(*columns).where(BankEntry.id > last).order_by(BankEntry.id).limit(PAGE)
            rows: Sequence[tuple[Any, ...]] = (await tx.execute(page)).all()
        if not rows:
            return
        last = rows[-1][0]
        yield [BankRow(*row[1:]) for row in rows]
