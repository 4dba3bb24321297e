"""Seals and stamps as they are kept: written with the case, read for a bundle."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from haetae_verify.canonical import digest, moment
from haetae_verify.stamps import SEAL
from services.evidence.custody import lines
from services.evidence.seal.store import SealRow, StampDebt, StampRoots, StampRow
from shared.database import Transaction
from shared.events import CustodyAction
from shared.events.custody import Artifact
from shared.stamps.verifying import Stamped


def stamp_name(number: int) -> str:
    return f"stamp-{number}.tsr"


def number_of(covers: str) -> int | None:
    """The number of the stamp that a renewal covers; None for the seal."""
    return None if covers == SEAL else int(covers.removeprefix("stamp-").removesuffix(".tsr"))


def renew_at(at: datetime, valid_until: datetime, before: timedelta) -> datetime:
    """When to ask for the next: so long before the certificates expire, of a short life when half of it is over."""
    return valid_until - min(before, (valid_until - at) / 2)


async def add_stamp(
    tx: Transaction, case_id: UUID, manifest_sha256: str, stamp: Stamped, renew_before: timedelta
) -> StampRow:
    """Keep it, with its line of custody."""
    # Numbers of a seal have no gaps: one writer at a time, under the lock that its line of custody takes anyway.
    await tx.get(lines.CustodyEnd, case_id, lock=True)
    of_seal = (StampRow.case_id == case_id, StampRow.manifest_sha256 == manifest_sha256)
    last = await tx.scalar(sa.select(sa.func.coalesce(sa.func.max(StampRow.number), 0)).where(*of_seal))
    roots = digest(stamp.roots)
    await tx.execute(insert(StampRoots).values(sha256=roots, pem=stamp.roots).on_conflict_do_nothing())
    row = StampRow(
        case_id=case_id,
        manifest_sha256=manifest_sha256,
        number=(last or 0) + 1,
        authority=stamp.authority,
        covers=stamp.covers,
        response=stamp.response,
        roots=roots,
        offset_ms=stamp.offset_ms,
        at=stamp.at,
        valid_until=stamp.valid_until,
        renew_at=renew_at(stamp.at, stamp.valid_until, renew_before),
    )
    tx.add(row)
    await tx.flush()
    told = {
        "manifest_sha256": manifest_sha256,
        "authority": row.authority,
        "covers": row.covers,
        "stamped_at": moment(row.at),
        "clock_ahead_ms": row.offset_ms,
    }
    artifact = Artifact(name=stamp_name(row.number), sha256=digest(row.response))
    await lines.append(tx, case_id, lines.SELF, CustodyAction.STAMPED, (artifact,), told, tx.clock.now())
    return row


async def owe(tx: Transaction, case_id: UUID, manifest_sha256: str, authority: str, covers: str, why: str) -> None:
    """Write down that this stamp is owed; what is owed already stays as it is."""
    now = tx.clock.now()
    values = {"authority": authority, "covers": covers, "owed_since": now, "due_at": now, "tries": 0, "error": why}
    debt = insert(StampDebt).values(case_id=case_id, manifest_sha256=manifest_sha256, **values)
    await tx.execute(debt.on_conflict_do_nothing())


async def document(tx: Transaction, case_id: UUID, manifest_sha256: str) -> bytes | None:
    """The bytes of seal.json."""
    row = await tx.get(SealRow, (case_id, manifest_sha256))
    return row.document if row else None


async def covered(tx: Transaction, case_id: UUID, manifest_sha256: str, covers: str) -> bytes | None:
    """The bytes of seal.json, or of one of its stamps."""
    number = number_of(covers)
    if number is None:
        return await document(tx, case_id, manifest_sha256)
    row = await tx.get(StampRow, (case_id, manifest_sha256, number))
    return row.response if row else None


async def stamps(tx: Transaction, case_id: UUID, manifest_sha256: str) -> Sequence[StampRow]:
    """By number."""
    of_seal = (StampRow.case_id == case_id, StampRow.manifest_sha256 == manifest_sha256)
    return await tx.scalars(sa.select(StampRow).where(*of_seal).order_by(StampRow.number))


async def roots(tx: Transaction, case_id: UUID, manifest_sha256: str) -> dict[str, bytes]:
    """By authority, the PEM of its roots: those of each of its stamps, one after another where they changed."""
    found: dict[str, list[bytes]] = {}
    for row in await stamps(tx, case_id, manifest_sha256):
        kept = await tx.get(StampRoots, row.roots)
        if kept and kept.pem not in found.setdefault(row.authority, []):
            found[row.authority].append(kept.pem)
    return {name: b"\n".join(pems) for name, pems in found.items()}
