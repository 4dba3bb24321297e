"""Case lane: a removal check that somebody asks for."""

from services.crawler.removals.checks import add_check
from shared.database import Transaction
from shared.events import CheckRequested


async def keep_check(event: CheckRequested, tx: Transaction) -> None:
    """Remember it; the scheduler dispatches it when it is due."""
    await add_check(tx, event)
