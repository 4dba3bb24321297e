"""The evidence service: a flagged finding in, sealed evidence out."""

from services.evidence.handlers import seal
from services.evidence.settings import Settings
from services.evidence.workshop import Workshop
from shared.clock import Clock, SystemClock
from shared.events import ContentFlagged, CustodyNoted, EvidenceFailed, EvidenceOrderDone, EvidenceSealed
from shared.handling import Prepared, Service


def app(settings: Settings, clock: Clock | None = None) -> Service:
    workshop = Workshop(settings, clock or SystemClock())
    return Service(
        name="evidence",
        handles={ContentFlagged: Prepared(prepare=workshop.preserve, record=seal)},
        publishes=frozenset({EvidenceSealed, EvidenceFailed, CustodyNoted, EvidenceOrderDone}),
        resources=(workshop,),
        checks={"objects": workshop.objects_ready, "chromium": workshop.chromium_ready},
    )
