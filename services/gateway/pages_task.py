"""The pages as a task of the service: verdicts go through its own database, and its relay brings them out at once."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from services.gateway.bridges.bell import Bell
from services.gateway.bridges.webhooks.house import webhooks_of
from services.gateway.federation.house import federation_of
from services.gateway.levels import Deriving
from services.gateway.live.hub import Hub
from services.gateway.parts import Parts
from services.gateway.people.parts import people_of
from services.gateway.settings import Settings
from services.gateway.web import application
from shared.approvals import Approvals
from shared.failures import Transient
from shared.handling import Context
from shared.objects.exports import open_exports
from shared.objects.vault import open_vault
from shared.supervision import go_on
from shared.web import serving

STOP_POLL_S = 0.2  # a stop is noticed within it


class Pages:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._served = False

    async def serve(self, context: Context) -> None:
        """Until the service stops. Raises `OSError` when the port is taken, and what ends the reading of news: pages
        and streams that hear nothing any more would look as if nothing happened."""
        settings = self._settings
        async with (
            open_vault(settings) as vault,
            open_exports(settings, vault, context.clock) as exports,
            Deriving() as derive,
            Hub(context.database, context.clock).running() as live,
            Bell(context.database, context.clock).running() as bell,
        ):
            parts = Parts(
                database=context.database,
                vault=vault,
                exports=exports,
                clock=context.clock,
                approvals=Approvals.of(settings),
                timezone=ZoneInfo(settings.gateway_timezone),
                language=settings.gateway_language,
                tls=settings.gateway_tls,
                people=people_of(settings),
                house=settings.house(),
                statistics=settings.public_statistics,
                undo=timedelta(seconds=settings.undo_seconds),
                claims=settings.claims_at_once,
                derive=derive,
                live=live,
                bell=bell,
                webhooks=webhooks_of(settings),
                federation=federation_of(settings),
            )
            place = (settings.gateway_host, settings.gateway_port)
            async with serving(application(parts), *place, proxies=settings.gateway_proxies):
                self._served = True
                try:
                    while not context.stopping():
                        go_on([live.task, bell.task])
                        await context.clock.sleep(STOP_POLL_S)
                finally:
                    live.end()
                    bell.end()

    async def ready(self) -> None:
        if not self._served:
            raise Transient("the pages are not served yet")
