"""All that is known of a case's evidence, for a person: nothing of what the page showed but its address."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.evidence.custody import lines
from services.evidence.orders import holds
from services.evidence.orders.planning import Planned, plan_of
from services.evidence.orders.retention import Rules
from services.evidence.orders.store import Certificate, Hold
from services.evidence.seal.store import StampDebt, StampRow
from services.evidence.store import Evidence
from shared.database import Transaction


async def whole(tx: Transaction, case_id: UUID, rules: Rules) -> dict[str, Any] | None:
    """Moments are datetimes; None when there is nothing of the case."""
    row = await tx.get(Evidence, case_id)
    if row is None:
        return None
    certificate = await tx.get(Certificate, case_id)
    return {
        "case_id": case_id,
        "state": state(row),
        "url": row.url,
        "manifest_sha256": row.manifest_sha256,
        "sealed_at": row.sealed_at,
        "failed_at": row.failed_at,
        "failed_reason": row.failed_reason,
        "destroyed_at": row.destroyed_at,
        **kept(await plan_of(tx, case_id, rules)),
        "holds": [_hold(one) for one in await holds.active(tx, case_id, tx.clock.now())],
        "objects": row.objects,
        "stamps": await _stamps(tx, case_id),
        "stamps_owed": await _owed(tx, case_id),
        "custody_lines": len(await lines.read(tx, case_id)),
        "custody_broken_at": await lines.check(tx, case_id),
        "certified": certificate is not None,
    }


def state(row: Evidence) -> str:
    if row.destroyed_at is not None:
        return "destroyed"
    if row.destroy_order is not None:
        return "being destroyed"
    return "sealed" if row.manifest_sha256 else "failed"


def kept(planned: Planned | None) -> dict[str, Any]:
    """How long, why, and what that follows from; empty values when nothing is kept."""
    known, term = (planned.facts, planned.kept) if planned else (None, None)
    return {
        "class": term.kept_as if term else None,
        "due_at": term.due_at if term else None,
        "source": term.source if term else None,
        "categories": list(known.categories) if known else [],
        "verdict": known.verdict if known else None,
        "decided_at": known.decided_at if known else None,
    }


def _hold(one: Hold) -> dict[str, Any]:
    names = ("hold_id", "by", "why", "basis", "placed_at", "until")
    return {name: getattr(one, name) for name in names}


async def _stamps(tx: Transaction, case_id: UUID) -> list[dict[str, Any]]:
    found = sa.select(StampRow).where(StampRow.case_id == case_id).order_by(StampRow.at, StampRow.number)
    return [{"authority": one.authority, "covers": one.covers, "at": one.at} for one in await tx.scalars(found)]


async def _owed(tx: Transaction, case_id: UUID) -> list[dict[str, Any]]:
    found = sa.select(StampDebt).where(StampDebt.case_id == case_id).order_by(StampDebt.due_at)
    return [{"authority": one.authority, "due_at": one.due_at, "error": one.error} for one in await tx.scalars(found)]
