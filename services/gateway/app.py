"""The gateway: what officials see, and the only place where a verdict is given."""

from zoneinfo import ZoneInfo

from services.gateway.handlers import project
from services.gateway.parts import Parts
from services.gateway.settings import Settings
from services.gateway.web import application
from shared.events import (
    CaseChanged,
    ContentChecked,
    ContentFlagged,
    EvidenceFailed,
    EvidenceSealed,
    NoticeBounced,
    NoticeDrafted,
    NoticeSent,
    RemovalVerified,
    ReviewDecided,
)
from shared.handling import Context, Service
from shared.objects.vault import open_vault
from shared.web import serving

TOLD_OF = (
    ContentFlagged,
    EvidenceSealed,
    EvidenceFailed,
    NoticeDrafted,
    NoticeSent,
    NoticeBounced,
    ContentChecked,
    RemovalVerified,
)
STOP_POLL_S = 0.2


def app(settings: Settings) -> Service:
    async def pages(context: Context) -> None:
        """Serve until the service stops. A task, because verdicts go through the service's own database and outbox."""
        async with open_vault(settings) as vault:
            parts = Parts(
                database=context.database,
                vault=vault,
                clock=context.clock,
                timezone=ZoneInfo(settings.gateway_timezone),
                language=settings.gateway_language,
                tls=settings.gateway_tls,
            )
            async with serving(application(parts), settings.gateway_host, settings.gateway_port):
                while not context.stopping():
                    await context.clock.sleep(STOP_POLL_S)

    return Service(
        name="gateway",
        handles=dict.fromkeys(TOLD_OF, project),
        publishes=frozenset({CaseChanged, ReviewDecided}),
        tasks={"pages": pages},
    )
