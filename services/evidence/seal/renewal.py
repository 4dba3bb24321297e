"""Stamps are renewed before the certificates that they rest on expire: a new stamp over the former one's bytes."""

from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import aliased

from services.evidence.seal.kept import number_of, owe, stamp_name
from services.evidence.seal.store import StampRow
from services.evidence.seal.verifying import Stamped
from shared.database import Transaction

log = structlog.get_logger(__name__)

WHY = "its certificates expire"


class Renewed(Exception):
    """The new stamp would bring nothing; the message says why."""


async def owe_renewals(tx: Transaction) -> int:
    """What is due and not renewed becomes a debt of the same authority; how many are due."""
    newer = aliased(StampRow)
    renewed = sa.exists().where(
        newer.case_id == StampRow.case_id,
        newer.manifest_sha256 == StampRow.manifest_sha256,
        newer.covers == sa.func.concat("stamp-", StampRow.number, ".tsr"),
    )
    due = await tx.scalars(sa.select(StampRow).where(StampRow.renew_at <= tx.clock.now(), ~renewed))
    for stamp in due:
        await owe(tx, stamp.case_id, stamp.manifest_sha256, stamp.authority, stamp_name(stamp.number), WHY)
    if due:
        log.info("stamps to renew", count=len(due))
    return len(due)


async def outlives(tx: Transaction, case_id: UUID, manifest_sha256: str, stamp: Stamped) -> None:
    """A renewal must hold longer than what it renews, or each day would bring another. Raises `Renewed`."""
    number = number_of(stamp.covers)
    former = await tx.get(StampRow, (case_id, manifest_sha256, number)) if number else None
    if former and stamp.valid_until <= former.valid_until:
        raise Renewed(
            f"{stamp.authority} still stamps with certificates that expire on {stamp.valid_until:%Y-%m-%d}: "
            "ask it for its next, or name another authority"
        )
