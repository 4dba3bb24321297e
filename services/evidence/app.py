"""The evidence service: a flagged finding in, sealed evidence out; kept, handed out, held and destroyed on order."""

from services.evidence.custody.handlers import handled
from services.evidence.listing.worker import CaseListing
from services.evidence.orders import wiring
from services.evidence.orders.handlers import decided, ordered
from services.evidence.settings import Settings
from services.evidence.workshop import Workshop
from shared.clock import Clock, SystemClock
from shared.events import (
    CaseHashed,
    ContentFlagged,
    CustodyNoted,
    EvidenceFailed,
    EvidenceHandled,
    EvidenceOrderDone,
    EvidenceOrdered,
    EvidenceSealed,
    ReviewDecided,
)
from shared.handling import Prepared, Service


def app(settings: Settings, clock: Clock | None = None) -> Service:
    workshop = Workshop(settings, clock or SystemClock())
    listing = CaseListing(workshop)
    return Service(
        name="evidence",
        handles={
            ContentFlagged: Prepared(prepare=workshop.preserve, record=workshop.seal),
            EvidenceHandled: handled,
            EvidenceOrdered: ordered,
            ReviewDecided: decided,
        },
        publishes=frozenset({EvidenceSealed, EvidenceFailed, CustodyNoted, EvidenceOrderDone, CaseHashed}),
        resources=(workshop, listing),
        tasks={
            "stamps": workshop.stamp,
            "proofs": workshop.prove,
            "case hashes": listing.run,
            **wiring.tasks(settings, workshop),
        },
        checks={"objects": workshop.objects_ready, "chromium": workshop.chromium_ready},
    )
