"""What comes in through the doors of the gateway, and the heads of the history that it keeps."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event
from shared.events.codes import Base64, KeyId, LanguageTag, LogName, PartnerId, PartnerService
from shared.events.topics import AUDIT_HEADS, REFERRAL_EVENTS, REPORT_RECEIVED
from shared.events.values import Sha256, Url


class ReportSource(StrEnum):
    VICTIM = "victim"
    GUARDIAN = "guardian"
    AGENT = "agent"  # with proof of authority
    POLICE = "police"
    HOTLINE = "hotline"
    SCHOOL = "school"
    OFFICIAL = "official"  # of the agency itself


class PageReported(Event, topic=REPORT_RECEIVED, type="page.reported.v1", key="case_id", owner="gateway"):
    """Somebody reported a page: it is visited before everything else, and becomes a case whatever models think of it.

    `case_id` follows from the canonical address. `report_id`: of this address of the report, so that it is known again
    wherever the address leads. Who reported stays at the gateway: `source` is all that is told. `agency`: whose report
    it is; empty where there is one agency only. `category`: the kind of case that the person says it is.
    """

    case_id: UUID
    report_id: UUID
    url: Url
    source: ReportSource
    agency: Annotated[str, Field(max_length=60)] = ""
    category: Annotated[str, Field(max_length=60)] = ""
    reported_at: AwareDatetime


class PageUnreached(Event, topic=REPORT_RECEIVED, type="page.unreached.v1", key="case_id", owner="crawler"):
    """A reported page gave no content at this visit: gone, behind a wall, no answer, not allowed. `problem`: as the
    crawler's outcomes name it. `final`: it is not tried again by itself, so an official has to look."""

    case_id: UUID
    report_id: UUID
    url: Url
    problem: Annotated[str, Field(max_length=200)]
    final: bool
    tried_at: AwareDatetime


class ReferralMade(Event, topic=REFERRAL_EVENTS, type="referral.made.v1", key="referral_id", owner="gateway"):
    """A person agreed to be called by a partner (counselling, legal or medical aid). Neither name nor number nor words:
    the partner fetches those with its own credentials, and thereby gives the receipt."""

    referral_id: UUID
    report_id: UUID
    partner: PartnerId
    services: Annotated[tuple[PartnerService, ...], Field(max_length=10)]
    language: LanguageTag
    consented_at: AwareDatetime


class TreeHeadSigned(Event, topic=AUDIT_HEADS, type="audit.head-signed.v1", key="log", owner="gateway"):
    """The audit history up to a line, as one number (RFC 6962, 2.1): whoever keeps heads finds out a history that was
    rewritten. `signature`: base64, Ed25519 with the key `key_id`, over what docs/audit.md describes. `stamp`: base64,
    an RFC 3161 token over the signed head; empty while none is there."""

    log: LogName
    size: Annotated[int, Field(ge=0)]
    root: Sha256
    signed_at: AwareDatetime
    key_id: KeyId
    signature: Annotated[Base64, Field(max_length=200)]
    stamp: Annotated[Base64, Field(max_length=20_000)] = ""
