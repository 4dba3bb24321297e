"""What each event tells of a case: it adds its own facts and never asks what came before.

Where a fact is told twice, the rule does not depend on the order either: the first finding and flagging, the newest
evidence, draft, check and plan. Hypothesis holds this to any interleaving.
"""

from services.gateway.audit import Action, Step
from services.gateway.notices import told
from services.gateway.notices.rows import Held
from services.gateway.notices.told import NoticeEvent, earliest
from services.gateway.store import Case, LastCheck
from shared.events import (
    Assessment,
    ContentChecked,
    ContentFlagged,
    ContentReappeared,
    Event,
    EvidenceFailed,
    EvidenceSealed,
    RemovalVerified,
)
from shared.events.values import Finding, ProbeOutcome

CaseEvent = (
    NoticeEvent
    | ContentFlagged
    | EvidenceSealed
    | EvidenceFailed
    | ContentChecked
    | ContentReappeared
    | RemovalVerified
)


def apply(held: Held, event: Event) -> Step | None:
    """Write the event's facts into the case and what belongs to it (new rows are added to `held`)."""
    case = held.case
    match event:
        case ContentFlagged():
            describe(case, event.finding, event.assessment)
            case.flagged_at = earliest(case.flagged_at, event.flagged_at)
            if event.reports:
                case.reported_at = earliest(case.reported_at, event.flagged_at)
            return Step(Action.FLAGGED, {"category": event.assessment.category, "body": event.capture.body_sha256})
        case EvidenceSealed():
            return sealed(case, event)
        case EvidenceFailed():
            describe(case, event.finding, event.assessment)
            if case.failed_at is None or event.failed_at > case.failed_at:
                case.failed_at, case.failure = event.failed_at, event.reason
            return Step(Action.SEAL_FAILED, {"reason": event.reason})
        case ContentChecked():
            return checked(case, event)
        case RemovalVerified():
            return removed(case, event)
        case ContentReappeared():
            case.url = case.url or event.url
            case.reappeared_at = max(case.reappeared_at or event.seen_at, event.seen_at)
            return Step(Action.REAPPEARED, {"number": event.number})
        case _ if isinstance(event, NoticeEvent):
            return told.apply(held, event)
    raise TypeError(f"{event.type} is not an event of a case; take it out of the gateway's handlers")


def describe(case: Case, finding: Finding, assessment: Assessment) -> None:
    """The first finding describes the case: what was seen again later is the same address."""
    if case.finding and case.finding.found_at <= finding.found_at:
        return
    case.finding, case.assessment, case.found_at = finding, assessment, finding.found_at
    case.url, case.host, case.title = finding.url, finding.site.host, finding.title
    case.language, case.country = finding.language, finding.site.country
    case.category, case.risk, case.known = assessment.category, assessment.risk.score, bool(assessment.matches)


def sealed(case: Case, event: EvidenceSealed) -> Step:
    describe(case, event.finding, event.assessment)
    if case.sealed_at is None or event.sealed_at > case.sealed_at:
        case.sealed_at, case.manifest_sha256, case.objects = event.sealed_at, event.manifest_sha256, event.objects
        case.mode, case.incomplete = event.mode, list(event.incomplete)
    details = {"manifest": event.manifest_sha256, "objects": len(event.objects)}
    return Step(Action.SEALED, details | {"mode": event.mode, "incomplete": list(event.incomplete)})


def checked(case: Case, event: ContentChecked) -> Step:
    if case.last_check is None or event.number > case.last_check.number:
        why = tuple(dict.fromkeys(f"{probe.vantage}: {probe.why}" for probe in event.probes))
        case.last_check = LastCheck(number=event.number, outcome=event.outcome, checked_at=event.checked_at, why=why)
    return Step(Action.CHECKED, {"number": event.number, "outcome": event.outcome.value})


def removed(case: Case, event: RemovalVerified) -> Step:
    case.url = case.url or event.url
    case.removed_at = earliest(case.removed_at, event.verified_at)
    case.verified_at = max(case.verified_at or event.verified_at, event.verified_at)
    case.first_gone_at = earliest(case.first_gone_at, event.first_gone_at)
    return Step(Action.REMOVED, {"checks": event.checks})


def last_outcome(case: Case) -> ProbeOutcome | None:
    return case.last_check.outcome if case.last_check else None
