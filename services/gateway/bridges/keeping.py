"""The feed forgets in time, some thousands at once."""

from datetime import timedelta

from services.gateway.bridges import feed
from shared.database import Transaction
from shared.handling import Context
from shared.regularly import regularly

LOOK_S = 300.0
AT_ONCE = 5_000  # rows a look: over a million a day, more than a house publishes; who takes an event waits meanwhile


class Keeping:
    """`days`: how long an event is kept."""

    def __init__(self, days: int) -> None:
        self._kept = timedelta(days=days)

    async def run(self, context: Context) -> None:
        await regularly(context, LOOK_S, self.look)

    async def look(self, tx: Transaction) -> None:
        await feed.forget(tx, tx.clock.now() - self._kept, AT_ONCE)
