"""A case's evidence under lock: the one place where a hold and a destruction meet."""

from uuid import UUID

from services.evidence.orders.placing import Refused
from services.evidence.store import Evidence
from shared.database import Transaction


async def locked(tx: Transaction, case_id: UUID) -> Evidence:
    """Raises `Refused` when nothing is known of the case."""
    row = await tx.get(Evidence, case_id, lock=True)
    if row is None:
        raise Refused(f"there is no evidence of case {case_id}; is the number right?")
    return row


async def standing(tx: Transaction, case_id: UUID) -> Evidence:
    """As `locked`. Raises `Refused` also when it is destroyed, or its destruction has begun."""
    row = await locked(tx, case_id)
    if row.destroyed_at is not None:
        raise Refused(f"the evidence of case {case_id} was destroyed on {row.destroyed_at:%Y-%m-%d %H:%M} UTC")
    if row.destroy_order is not None:
        raise Refused(f"the evidence of case {case_id} is being destroyed (order {row.destroy_order})")
    return row
