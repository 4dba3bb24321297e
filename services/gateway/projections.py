"""What each event tells of a case: it adds its own facts and never asks what came before.

Where a fact is told twice, the rule does not depend on the order either: the first finding and flagging, the newest
evidence, draft and check. Hypothesis holds this to any interleaving.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from services.gateway.audit import Action
from services.gateway.store import Case, CaseNotice, LastCheck
from shared.events import (
    Assessment,
    ContentChecked,
    ContentFlagged,
    Event,
    EvidenceFailed,
    EvidenceSealed,
    NoticeBounced,
    NoticeDrafted,
    NoticeSent,
    RemovalVerified,
)
from shared.events.values import Finding, ProbeOutcome

Notices = dict[UUID, CaseNotice]
CaseEvent = (
    ContentFlagged
    | EvidenceSealed
    | EvidenceFailed
    | NoticeDrafted
    | NoticeSent
    | NoticeBounced
    | ContentChecked
    | RemovalVerified
)


@dataclass(frozen=True)
class Step:
    """What goes into the audit history."""

    action: Action
    details: dict[str, Any] = field(default_factory=dict)


def apply(case: Case, notices: Notices, event: Event) -> Step:
    """Write the event's facts into the row, and into its notices (new ones are added to `notices`)."""
    match event:
        case ContentFlagged():
            describe(case, event.finding, event.assessment)
            case.flagged_at = earliest(case.flagged_at, event.flagged_at)
            return Step(Action.FLAGGED, {"category": event.assessment.category, "body": event.capture.body_sha256})
        case EvidenceSealed():
            return sealed(case, event)
        case EvidenceFailed():
            describe(case, event.finding, event.assessment)
            if case.failed_at is None or event.failed_at > case.failed_at:
                case.failed_at, case.failure = event.failed_at, event.reason
            return Step(Action.SEAL_FAILED, {"reason": event.reason})
        case NoticeDrafted():
            return drafted(case, notices, event)
        case NoticeSent():
            return sent(case, notices, event)
        case NoticeBounced():
            return bounced(notices, event)
        case ContentChecked():
            return checked(case, event)
        case RemovalVerified():
            case.url = case.url or event.url
            case.removed_at = earliest(case.removed_at, event.verified_at)
            case.first_gone_at = earliest(case.first_gone_at, event.first_gone_at)
            return Step(Action.REMOVED, {"checks": event.checks})
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


def drafted(case: Case, notices: Notices, event: NoticeDrafted) -> Step:
    """A draft that comes after the verdict changes nothing: the verdict was on what was shown."""
    digests = [notice.sha256 for notice in event.notices]
    if case.decided_at:
        return Step(Action.DRAFT_IGNORED, {"notices": digests})
    if case.drafted_at is None or event.drafted_at > case.drafted_at:
        case.drafted_at, case.report = event.drafted_at, event.report
    for position, notice in enumerate(event.notices):
        row = notice_of(notices, case.case_id, notice.notice_id)
        if row.drafted_at is None or event.drafted_at > row.drafted_at:
            row.position, row.content, row.sha256 = position, notice, notice.sha256
            row.drafted_at = event.drafted_at
    return Step(Action.DRAFTED, {"notices": digests})


def sent(case: Case, notices: Notices, event: NoticeSent) -> Step:
    case.sent_at = earliest(case.sent_at, event.sent_at)
    row = notice_of(notices, case.case_id, event.notice_id)
    if row.sent_at is None or event.sent_at > row.sent_at:
        row.sent_at, row.receipt, row.message_id = event.sent_at, event.receipt, event.message_id
    return Step(
        Action.SENT,
        {"notice": str(event.notice_id), "to": event.recipient.email, "receipt": event.receipt},
    )


def bounced(notices: Notices, event: NoticeBounced) -> Step:
    row = notice_of(notices, event.case_id, event.notice_id)
    if row.bounced_at is None or event.bounced_at > row.bounced_at:
        row.bounced_at, row.bounce_reason = event.bounced_at, event.reason
    return Step(Action.BOUNCED, {"notice": str(event.notice_id), "to": event.recipient.email, "reason": event.reason})


def checked(case: Case, event: ContentChecked) -> Step:
    if case.last_check is None or event.number > case.last_check.number:
        why = tuple(dict.fromkeys(f"{probe.vantage}: {probe.why}" for probe in event.probes))
        case.last_check = LastCheck(number=event.number, outcome=event.outcome, checked_at=event.checked_at, why=why)
    return Step(Action.CHECKED, {"number": event.number, "outcome": event.outcome.value})


def notice_of(notices: Notices, case_id: UUID, notice_id: UUID) -> CaseNotice:
    return notices.setdefault(notice_id, CaseNotice(notice_id=notice_id, case_id=case_id))


def in_draft(case: Case, notices: Notices) -> list[CaseNotice]:
    """The notices of the present draft, in ladder order."""
    present = [row for row in notices.values() if row.content and row.drafted_at == case.drafted_at]
    return sorted(present, key=lambda row: (row.position or 0, row.notice_id))


def known_notices(case: Case, notices: Notices) -> list[CaseNotice]:
    """What a reviewer should see: the present draft, and whatever was sent or came back besides."""
    present = in_draft(case, notices)
    return present + [row for row in notices.values() if row not in present and (row.sent_at or row.bounced_at)]


def last_outcome(case: Case) -> ProbeOutcome | None:
    return case.last_check.outcome if case.last_check else None


def earliest(known: datetime | None, told: datetime) -> datetime:
    return told if known is None else min(known, told)
