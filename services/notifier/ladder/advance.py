"""The next step of a case's ladder, after whatever happened to it."""

from uuid import UUID

from shared.database import Transaction


async def advance(tx: Transaction, case_id: UUID) -> None:
    """Decide anew from everything that is known of the case. May be called as often as one likes."""
