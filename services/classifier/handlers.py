"""Found content to flagged content."""

from collections.abc import Sequence
from datetime import datetime

from services.classifier.detector import Detector
from services.classifier.domain import places_of
from services.classifier.hashes.matching import Matched
from services.classifier.signals import Signals
from services.classifier.store import Judged, Seen, remember
from shared.clock import Clock
from shared.database import Database, Transaction
from shared.events import Assessment, ContentFlagged, ContentFound, Envelope
from shared.handling import Outlet
from shared.identity import case_id, identity
from shared.observing import began, took


async def assess_batch(
    batch: Sequence[Envelope[ContentFound]], outlet: Outlet, *, detector: Detector, database: Database, clock: Clock
) -> None:
    """Flag what a reviewer should see. Flags are few and begin a case: they go by the outbox, not by the outlet, so
    that none is lost with the broker.

    The id of a flag follows from the case, so that a page seen again is no second case; and from those who reported it,
    who are told each.
    """
    assessments = await detector.assess([envelope.event for envelope in batch])
    for envelope, assessment in zip(batch, assessments, strict=True):
        if assessment:
            found_at = envelope.event.finding.found_at
            flag = flag_of(envelope.event, assessment, clock, found_at)
            began(flag.case_id, found_at)
            took("found_to_flagged", found_at, flag.flagged_at)
            async with database.transaction(cause=envelope) as tx:
                tx.publish(flag, id=identity("flagged", flag.case_id, *flag.reports))


async def judge_again(tx: Transaction, found: ContentFound, matched: Matched, *, detector: Detector) -> None:
    """Content that was seen before agrees with what is listed now: judge it with that, and flag it if it was not."""
    row = await tx.get(Seen, found.finding.content_id, lock=True)
    if row is None:  # forgotten meanwhile
        return
    seen = Signals.model_validate(row.signals)
    signals = seen.model_copy(update={"matches": matched.matches, "harmless": matched.harmless})
    judgement = detector.book.judge(signals, places_of(found.finding))
    flagged_before = row.flagged
    await remember(tx, [Judged.of(found, signals, judgement, tx.clock.now())])
    if judgement.flagged and not flagged_before:
        now = tx.clock.now()  # before what was listed now, nobody could know
        flag = flag_of(found, detector.assessment(judgement, signals), tx.clock, now)
        began(flag.case_id, now)
        tx.publish(flag, id=identity("flagged", flag.case_id))


def flag_of(found: ContentFound, assessment: Assessment, clock: Clock, began_at: datetime) -> ContentFlagged:
    return ContentFlagged(
        case_id=case_id(found.finding.url),
        finding=found.finding,
        capture=found.capture,
        assessment=assessment,
        flagged_at=clock.now(),
        reports=found.reports,
        began_at=began_at,
    )
