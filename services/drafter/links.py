"""Earlier cases of the same content."""

from shared.database import Transaction
from shared.events import CaseLink, EvidenceSealed


async def links(event: EvidenceSealed, tx: Transaction) -> tuple[CaseLink, ...]:
    return ()
