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
    """The classifier found content that a reviewer should see, with its risk and the reasons.

    `reports`: those that asked for the page; what a person reported is flagged whatever its risk. `began_at`: from when
    on the case's time counts: when the page was found, or when what is known of it since was listed; None from writers
    that did not tell.
    """

    case_id: UUID
    finding: Finding
    capture: Capture
    assessment: Assessment
    flagged_at: AwareDatetime
    reports: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()
    began_at: AwareDatetime | None = None


class Stamp(Value):
    """A time stamp (RFC 3161) over the seal: whose, and the time that it attests."""

    authority: str
    at: AwareDatetime


class AbuseContact(Value):
    """A mailbox for reports, as a registry names it. `role`: host (of the address's network), registrar or registry.

    `holder`: the organisation or network. `url`: of the RDAP answer, given `at`.
    """

    role: Annotated[str, Field(pattern=r"^(host|registrar|registry)$")]
    email: str
    holder: str
    url: str
    at: AwareDatetime


class Trace(Value):
    """What sites of one operator share. `kind`: ip, nameserver, favicon, template or analytics."""

    kind: Annotated[str, Field(pattern=r"^(ip|nameserver|favicon|template|analytics)$")]
    value: Annotated[str, Field(min_length=1, max_length=200)]


class Place(Value):
    """Where a further host of the case's pictures is served from; as `Surroundings` says it of the page."""

    host: str
    address: str = ""
    network: str = ""
    network_handle: str = ""
    network_country: str = ""
    registrar: str = ""
    registrar_id: str = ""
    contacts: tuple[AbuseContact, ...] = ()
    failures: tuple[str, ...] = ()


class Surroundings(Value):
    """Where the page is served from, and who can be asked for help there. `network_country`: as the registry of the
    address says (ISO 3166). `registrar_id`: IANA's number. `elsewhere`: of pictures on other hosts. `failures`: what
    could not be learnt, `WHAT:WHY` (network:away)."""

    address: str
    network: str = ""
    network_handle: str = ""
    network_country: str = ""
    registrar: str = ""
    registrar_id: str = ""
    nameservers: tuple[str, ...] = ()
    contacts: tuple[AbuseContact, ...] = ()
    traces: tuple[Trace, ...] = ()
    elsewhere: tuple[Place, ...] = ()
    failures: tuple[str, ...] = ()


class EvidenceSealed(Event, topic=EVIDENCE_SEALED, type="evidence.sealed.v1", key="case_id", owner="evidence"):
    """Page, pictures and circumstances are preserved; `manifest_sha256` is the digest that proves them.

    `mode`: `full`, or `hash-only` where digests, perceptual hashes and a wireframe are all that was kept; `objects` are
    the files that exist. `stamps`: those that came in time; what is still owed follows in the chain of custody.
    `incomplete`: the steps of the capture that failed; the manifest says why. `surroundings`: None from writers that
    did not tell. `began_at`: the finding's.
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
    surroundings: Surroundings | None = None
    began_at: AwareDatetime | None = None


class EvidenceFailed(Event, topic=EVIDENCE_SEALED, type="evidence.failed.v1", key="case_id", owner="evidence"):
    """The page could not be preserved (it vanished, or answered with an error); a person must know."""

    case_id: UUID
    finding: Finding
    assessment: Assessment
    reason: str
    failed_at: AwareDatetime


class CaseLink(Value):
    """An earlier case of the same content, or of a site that seems to be of one operator. `by`: what agrees (hash,
    entry, or the kinds of `Trace`)."""

    case_id: UUID
    reference: str
    host: str
    by: tuple[str, ...]
    found_at: AwareDatetime


class NoticeDrafted(Event, topic=NOTICE_DRAFTED, type="notice.drafted.v1", key="case_id", owner="drafter"):
    """Report and notices are written, recipients in ladder order; nothing is sent before an approval.

    `round`: 0 for the first draft of a case; a later one (`why`: reappeared, regulator, …) stands beside it and is
    approved by itself.
    """

    case_id: UUID
    report: Report
    notices: tuple[Notice, ...]
    drafted_at: AwareDatetime
    round: Annotated[int, Field(ge=0)] = 0
    why: str = ""
    links: tuple[CaseLink, ...] = ()


class Verdict(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"


class ReviewDecided(Event, topic=REVIEW_DECIDED, type="review.decided.v1", key="case_id", owner="gateway"):
    """An official decided. `approved` holds the notices exactly as they were shown; empty when rejected.

    `reviewer` is a pseudonym; `scripted` says that no person but a demonstration script decided; `seal` proves that the
    gateway said it (`shared.approvals`). `round`: which draft of the case. `policy`: the auto-send policy that decided
    in a person's place, empty for a person; an approval that is not taken up by `until` is worth nothing.
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
    round: Annotated[int, Field(ge=0)] = 0
    policy: str = ""
    until: AwareDatetime | None = None
