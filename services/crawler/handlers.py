"""Case lane: a removal check that somebody asks for, a page that somebody reported."""

from services.crawler.frontier import reported
from services.crawler.removals.checks import add_check
from shared.database import Transaction
from shared.events import CheckRequested, PageReported


async def keep_check(event: CheckRequested, tx: Transaction) -> None:
    """Remember it; the scheduler dispatches it when it is due."""
    await add_check(tx, event)


async def keep_report(event: PageReported, tx: Transaction) -> None:
    """Visit it before everything else; whoever reported it is told what came of that."""
    await reported.enter(tx, event)
