"""The task that sends webhooks, where the operator lets it."""

from random import SystemRandom

from services.gateway.bridges.webhooks.delivering import Deliveries, Sender
from services.gateway.bridges.webhooks.house import webhooks_of
from services.gateway.settings import Settings
from shared.handling import Context
from shared.net.calling import Caller
from shared.regularly import STOP_POLL_S


class Sending:
    def __init__(self, settings: Settings) -> None:
        self._settings, self._house = settings, webhooks_of(settings)

    async def run(self, context: Context) -> None:
        """Until the service stops."""
        if not self._house.on:
            while not context.stopping():
                await context.clock.sleep(STOP_POLL_S)
            return
        async with Caller(self._settings, to="webhook") as caller:
            sender = Sender(caller, self._house.seal, self._house.origin, SystemRandom())
            await Deliveries(context.database, sender).run(context)
