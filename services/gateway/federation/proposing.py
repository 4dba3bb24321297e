"""What a person wants to be stated to peers; a second one confirms it, and it is stated in the same moment."""

from uuid import UUID

from services.gateway.federation.house import Federation
from services.gateway.federation.issuing import propose
from services.gateway.rights.confirming import Confirmation
from services.gateway.sessions import Visitor
from shared.database import Transaction
from shared.events import StatedContact, StatedHashes, StatementKind


async def propose_harmless(
    tx: Transaction, house: Federation, by: Visitor, body: StatedHashes, why: str, *, confirmation_id: UUID
) -> Confirmation:
    """Raises `Problem` as `confirming.propose`."""
    subject = f"harmless:{confirmation_id}"
    return await propose(
        tx, house, by, StatementKind.HARMLESS, body, why, subject=subject, confirmation_id=confirmation_id
    )


async def propose_contact(
    tx: Transaction, house: Federation, by: Visitor, body: StatedContact, why: str, *, confirmation_id: UUID
) -> Confirmation:
    """In place of what we stated of the same domain and role before. Raises `Problem` as `confirming.propose`."""
    subject = f"contact:{body.domain}/{body.role}"
    return await propose(
        tx, house, by, StatementKind.CONTACT, body, why, subject=subject, confirmation_id=confirmation_id
    )
