"""What is counted of a person, sealed: rows that tell nothing to whoever reads the database.

A row is found by the HMAC of the person, the kind and the period, so that neither two days of a person nor a row and a
pseudonym can be brought together without the key; its content is AES-256-GCM under a key of that row, padded to whole
KiB, without a time beside it. What remains to be seen is how many rows a day has: how many people looked at anything.
"""

import hashlib
import hmac
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.care.house import the_house
from services.gateway.store import Base
from shared.database import Transaction
from shared.objects.cipher import close, disclose

PADDED_TO = 1024  # more than a day's counters take: lengths tell nothing
M = TypeVar("M", bound=BaseModel)


class Entry(Base):
    """`kind`: day, month or choices; `period`: its first day, none for choices."""

    __tablename__ = "care_ledger"

    who: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str]
    period: Mapped[date | None]
    sealed: Mapped[bytes | None]


@dataclass(frozen=True)
class Page:
    """Where something is counted of somebody."""

    kind: str
    login: str
    period: date | None = None

    @property
    def who(self) -> bytes:
        return _derived("who", f"{self.kind}\n{self.period or ''}\n{self.login}".encode())


def _derived(purpose: str, about: bytes) -> bytes:
    return hmac.new(the_house().key, purpose.encode() + b"\0" + about, hashlib.sha256).digest()


def mark(*about: object) -> str:
    """A name that says nothing and is the same each time."""
    return _derived("mark", "\n".join(map(str, about)).encode()).hex()


def seal(who: bytes, kind: str, value: BaseModel) -> bytes:
    plain = value.model_dump_json(exclude_defaults=True).encode()
    padded = plain + b" " * (-len(plain) % PADDED_TO)
    return close(padded, _derived("seal", who), kind.encode())


def unseal(entry: Entry, model: type[M]) -> M:
    """What the row says; an empty one when it was made just now. Raises `ValueError` for a row that was changed or put
    in another's place."""
    if entry.sealed is None:
        return model()
    return model.model_validate_json(disclose(entry.sealed, _derived("seal", entry.who), entry.kind.encode()))


async def read(tx: Transaction, page: Page, model: type[M]) -> M:
    entry = await tx.get(Entry, page.who)
    return read_from(entry, model)


def read_from(entry: Entry | None, model: type[M]) -> M:
    return unseal(entry, model) if entry else model()


async def read_several(tx: Transaction, *pages: Page) -> dict[Page, Entry]:
    """Those that there are, in one query."""
    by_who = {page.who: page for page in pages}
    rows = await tx.scalars(sa.select(Entry).where(Entry.who.in_(by_who)))
    return {by_who[row.who]: row for row in rows}


async def hold(tx: Transaction, page: Page) -> Entry:
    """The row, locked; made when this is the first of it."""
    fresh = {"who": page.who, "kind": page.kind, "period": page.period}
    await tx.execute(insert(Entry).values(fresh).on_conflict_do_nothing())
    entry = await tx.get(Entry, page.who, lock=True)
    if entry is None:
        raise LookupError("a row of the ledger vanished while it was held")
    return entry


def write(entry: Entry, value: BaseModel) -> None:
    entry.sealed = seal(entry.who, entry.kind, value)


async def everybodys(tx: Transaction, kind: str, first: date, last: date, model: type[M]) -> dict[date, list[M]]:
    """By period, of those that begin within these days; whose they are is not told, and cannot be. One query."""
    rows = sa.select(Entry).where(Entry.kind == kind, Entry.period >= first, Entry.period <= last)
    found: defaultdict[date, list[M]] = defaultdict(list)
    for entry in await tx.scalars(rows):
        if entry.period is not None:
            found[entry.period].append(unseal(entry, model))
    return found


async def drop_before(tx: Transaction, kind: str, day: date) -> None:
    await tx.execute(sa.delete(Entry).where(Entry.kind == kind, Entry.period < day))
