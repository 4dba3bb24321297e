"""Events that bear on what becomes of evidence: what officials order, and what they decide."""

from services.evidence.listing import store as listing
from services.evidence.orders import facts
from services.evidence.orders.placing import place, wanted_by
from shared.database import Transaction
from shared.events import EvidenceOrdered, ReviewDecided


async def ordered(event: EvidenceOrdered, tx: Transaction) -> None:
    await place(tx, event.order_id, wanted_by(event), event.ordered_at)


async def decided(event: ReviewDecided, tx: Transaction) -> None:
    await facts.decided(tx, event)
    await listing.decided(tx, event)
