"""Stamps are renewed before the certificates that they rest on expire: a new stamp over the former one's bytes."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from services.evidence.seal.kept import number_of
from services.evidence.seal.store import StampDebt, StampRow
from shared.database import Transaction
from shared.stamps.verifying import Stamped

log = structlog.get_logger(__name__)

WHY = "its certificates expire"


class Useless(Exception):
    """A stamp would bring nothing now; the message says why."""


async def owe_renewals(tx: Transaction, names: Sequence[str], most: int) -> int:
    """Those that are due become debts of the same authority, the most urgent first; how many did. `names`: the
    authorities that can be asked. One certificate is under a year's stamps, so that all of them are due at once."""
    newer, debt, now = aliased(StampRow), aliased(StampDebt), tx.clock.now()
    name = sa.func.concat("stamp-", StampRow.number, ".tsr")
    renewed = sa.exists().where(*_same(newer), newer.covers == name)
    owed = sa.exists().where(*_same(debt), debt.covers == name)
    due = (
        sa.select(StampRow.case_id, StampRow.manifest_sha256, StampRow.authority, name)
        .add_columns(*(sa.literal(value) for value in (now, now, 0, WHY)))
        .where(StampRow.renew_at <= now, StampRow.authority.in_(names), ~renewed, ~owed)
        .order_by(StampRow.renew_at)
        .limit(most)
    )
    columns = ["case_id", "manifest_sha256", "authority", "covers", "owed_since", "due_at", "tries", "error"]
    debts = insert(StampDebt).from_select(columns, due).on_conflict_do_nothing().returning(StampDebt.case_id)
    count = len((await tx.execute(debts)).all())
    if count:
        log.info("stamps to renew", count=count)
    return count


def _same(other: type[StampRow] | type[StampDebt]) -> tuple[sa.ColumnElement[bool], ...]:
    return other.case_id == StampRow.case_id, other.manifest_sha256 == StampRow.manifest_sha256


async def outlives(tx: Transaction, case_id: UUID, manifest_sha256: str, stamp: Stamped) -> None:
    """A renewal must hold longer than what it renews, or each day would bring another. Raises `Useless`."""
    number = number_of(stamp.covers)
    former = await tx.get(StampRow, (case_id, manifest_sha256, number)) if number else None
    if former and stamp.valid_until <= former.valid_until:
        raise Useless(
            f"{stamp.authority} still stamps with certificates that expire on {stamp.valid_until:%Y-%m-%d}: "
            "ask it for its next, or name another authority"
        )
