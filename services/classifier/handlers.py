"""Found content to flagged content."""

from collections.abc import Sequence

from services.classifier.detector import Detector
from shared.clock import Clock
from shared.events import ContentFlagged, ContentFound, Envelope
from shared.handling import Outlet
from shared.identity import case_id, identity


async def assess_batch(
    batch: Sequence[Envelope[ContentFound]], outlet: Outlet, *, detector: Detector, clock: Clock
) -> None:
    """Flag what a reviewer should see; of all else nothing is kept.

    The id of a flag follows from the case, so that a page seen again is no second case.
    """
    assessments = await detector.assess([envelope.event for envelope in batch])
    for envelope, assessment in zip(batch, assessments, strict=True):
        if assessment:
            found = envelope.event
            case = case_id(found.finding.url)
            flagged = ContentFlagged(
                case_id=case,
                finding=found.finding,
                capture=found.capture,
                assessment=assessment,
                flagged_at=clock.now(),
            )
            outlet.publish(flagged, id=identity("flagged", case), cause=envelope)
