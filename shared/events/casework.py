"""The case lane up to the verdict: flagged, sealed, drafted, decided."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Value
from shared.events.topics import CONTENT_FLAGGED, EVIDENCE_SEALED, NOTICE_DRAFTED, REVIEW_DECIDED
from shared.events.values import Capture, Finding, Match, Notice, Reason, Report, Risk, SealedObject, Sha256


class Assessment(Value):
    """Why a finding became a case. `urgency`: how soon, beside how bad. `decided_by`: the versions of policy, rules and
    models that judged, by name."""

    category: str
    risk: Risk
    reasons: tuple[Reason, ...]
    matches: tuple[Match, ...]
    urgency: Risk | None = None
    decided_by: dict[str, str] = Field(default={})


class ContentFlagged(Event, topic=CONTENT_FLAGGED, type="content.flagged.v1", key="case_id", owner="classifier"):
    """The classifier found content that a reviewer should see, with its risk and the reasons."""

    case_id: UUID
    finding: Finding
    capture: Capture
    assessment: Assessment
    flagged_at: AwareDatetime


class Stamp(Value):
    """A time stamp (RFC 3161) over the seal: whose, and the time that it attests."""

    authority: str
    at: AwareDatetime


class EvidenceSealed(Event, topic=EVIDENCE_SEALED, type="evidence.sealed.v1", key="case_id", owner="evidence"):
    """Page, pictures and circumstances are preserved; `manifest_sha256` is the digest that proves them.

    `mode`: `full`, or `hash-only` where digests, perceptual hashes and a wireframe are all that was kept; `objects` are
    the files that exist. `stamps`: those that came in time; what is still owed follows in the chain of custody.
    `incomplete`: the steps of the capture that failed; the manifest says why.
    """

    case_id: UUID
    finding: Finding
    assessment: Assessment
    manifest_sha256: Sha256
    objects: tuple[SealedObject, ...]
    sealed_at: AwareDatetime
    mode: Annotated[str, Field(pattern=r"^(full|hash-only)$")] = "full"
    stamps: tuple[Stamp, ...] = ()
    incomplete: tuple[str, ...] = ()


class EvidenceFailed(Event, topic=EVIDENCE_SEALED, type="evidence.failed.v1", key="case_id", owner="evidence"):
    """The page could not be preserved (it vanished, or answered with an error); a person must know."""

    case_id: UUID
    finding: Finding
    assessment: Assessment
    reason: str
    failed_at: AwareDatetime


class NoticeDrafted(Event, topic=NOTICE_DRAFTED, type="notice.drafted.v1", key="case_id", owner="drafter"):
    """Report and notices are written, recipients in ladder order; nothing is sent before an approval."""

    case_id: UUID
    report: Report
    notices: tuple[Notice, ...]
    drafted_at: AwareDatetime


class Verdict(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"


class ReviewDecided(Event, topic=REVIEW_DECIDED, type="review.decided.v1", key="case_id", owner="gateway"):
    """An official decided. `approved` holds the notices exactly as they were shown; empty when rejected.

    `reviewer` is a pseudonym; `scripted` says that no person but a demonstration script decided; `seal` proves that the
    gateway said it (`shared.approvals`).
    """

    case_id: UUID
    verdict: Verdict
    note: str
    approved: tuple[Notice, ...]
    finding: Finding
    reviewer: str
    scripted: bool
    seal: Sha256
    decided_at: AwareDatetime
