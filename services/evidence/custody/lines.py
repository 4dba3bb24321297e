"""The line of custody of each case: what happened to its evidence, chained line by line and only ever added to.

A line's hash (`haetae_verify.chain`) covers the line and the hash of the one before. The chain's length and last hash
are kept apart, so that a cut end shows as well.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from haetae_verify.canonical import moment
from haetae_verify.chain import GENESIS, broken_at, line_hash, told
from services.evidence.store import Base
from shared.database import Transaction
from shared.events import Artifact, CustodyAction, CustodyNoted
from shared.identity import identity

MAX_INTEGER = 2**53 - 1  # beyond it programs disagree about a JSON number (RFC 8785, 3.2.2.3)
SELF = "evidence"  # the actor of what the service does by itself


class CustodyLine(Base):
    """Append-only: the role may insert and read, a trigger refuses the rest to everybody."""

    __tablename__ = "custody"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]  # in milliseconds, as it is hashed
    actor: Mapped[str]
    action: Mapped[str]
    artifacts: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    prev_hash: Mapped[str]
    hash: Mapped[str]


class CustodyEnd(Base):
    """The end of a case's chain; its row is the lock under which a line is added."""

    __tablename__ = "custody_ends"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    length: Mapped[int]
    head: Mapped[str]


async def append(
    tx: Transaction,
    case_id: UUID,
    actor: str,
    action: CustodyAction,
    artifacts: Iterable[Artifact],
    details: Mapping[str, Any],
    at: datetime,
) -> CustodyNoted:
    """Add a line and tell of it. `actor`: a pseudonym or `SELF`; `details`: JSON without fractions, no content.

    The chain stays locked until the transaction's end. Raises `ValueError` for details that have no one form.
    """
    await tx.execute(insert(CustodyEnd).values(case_id=case_id, length=0, head=GENESIS).on_conflict_do_nothing())
    end = await tx.get(CustodyEnd, case_id, lock=True)
    if end is None:
        raise LookupError(f"the chain of custody of case {case_id} vanished while a line was added")
    at = at.astimezone(UTC)
    line = {
        "case_id": str(case_id),
        "seq": end.length + 1,
        "at": moment(at),
        "actor": actor,
        "action": action.value,
        "artifacts": sorted((artifact.model_dump() for artifact in artifacts), key=lambda item: item["name"]),
        "details": plain(dict(details)),
        "prev_hash": end.head,
    }
    values = {**line, "case_id": case_id, "at": datetime.fromisoformat(moment(at)), "hash": line_hash(line)}
    tx.add(CustodyLine(**values))
    end.length, end.head = values["seq"], values["hash"]
    noted = CustodyNoted.model_validate(values)
    tx.publish(noted, id=identity("custody.noted", case_id, noted.seq))
    await tx.flush()
    return noted


async def read(tx: Transaction, case_id: UUID) -> list[dict[str, Any]]:
    """The case's lines with their `hash`, in their order and in the form that is hashed and put into bundles."""
    rows = await tx.scalars(sa.select(CustodyLine).where(CustodyLine.case_id == case_id).order_by(CustodyLine.seq))
    return [told(row) for row in rows]


async def check(tx: Transaction, case_id: UUID) -> int | None:
    """The number of the first line that is not right, or is missing at the end; None when the chain is whole."""
    end = await tx.get(CustodyEnd, case_id)
    length, head = (end.length, end.head) if end else (0, GENESIS)
    lines = (await read(tx, case_id))[:length]  # what was added since the end was read is not looked at
    if broken := broken_at(lines):
        return broken
    whole = len(lines) == length and (lines[-1]["hash"] if lines else GENESIS) == head
    return None if whole else len(lines) + 1


def plain(value: Any) -> Any:  # noqa: ANN401  # the shape of JSON
    """The value as JSON gives it back everywhere. Raises `ValueError` for what it would not."""
    match value:
        case None | bool():
            return value
        case str():
            return _text(value)
        case int() if abs(value) <= MAX_INTEGER:
            return int(value)
        case Mapping():
            return {_name(name): plain(item) for name, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    raise ValueError(f"details: {value!r:.80} has no one form; use text, integers, truth values, lists and objects")


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError(f"details: {value!r:.80} holds U+0000, which PostgreSQL does not keep; leave it out")
    value.encode()  # half a surrogate pair raises `UnicodeEncodeError`, a `ValueError`
    return str(value)


def _name(name: str) -> str:
    if not name.isascii():
        raise ValueError(f"details: the name {name!r:.80} is not ASCII; programs disagree on how others are sorted")
    return _text(name)
