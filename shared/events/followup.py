"""The case lane after the verdict: sent, checked, verified, and what other agencies are told."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event
from shared.events.codes import CaseState, Category, Country
from shared.events.topics import CASE_EVENTS, CHECK_REQUESTED, CONTENT_CHECKED, HASH_LISTED, NOTICE_SENT
from shared.events.values import Finding, HashEntry, Probe, ProbeOutcome, Recipient


class NoticeSent(Event, topic=NOTICE_SENT, type="notice.sent.v1", key="case_id", owner="notifier"):
    """The recipient's mail server took the notice; `receipt` is its answer, `message_id` the mail's Message-ID."""

    case_id: UUID
    notice_id: UUID
    recipient: Recipient
    message_id: str
    receipt: str
    attempt: int
    sent_at: AwareDatetime


class NoticeBounced(Event, topic=NOTICE_SENT, type="notice.bounced.v1", key="case_id", owner="notifier"):
    """The recipient's mail server refused the notice for good, or every attempt failed: an alarm for a person."""

    case_id: UUID
    notice_id: UUID
    recipient: Recipient
    reason: str
    attempt: int
    bounced_at: AwareDatetime


class CheckRequested(Event, topic=CHECK_REQUESTED, type="check.requested.v1", key="case_id", owner="notifier"):
    """Look whether the content is still there, not before `due_at`. `number` counts the case's checks from 1."""

    case_id: UUID
    check_id: UUID
    number: Annotated[int, Field(ge=1)]
    finding: Finding
    due_at: AwareDatetime


class ContentChecked(Event, topic=CONTENT_CHECKED, type="content.checked.v1", key="case_id", owner="crawler"):
    """What a removal check saw: the page and each picture, from every vantage. `outcome` is the least favourable."""

    case_id: UUID
    check_id: UUID
    number: int
    outcome: ProbeOutcome
    probes: tuple[Probe, ...]
    checked_at: AwareDatetime


class RemovalVerified(Event, topic=CONTENT_CHECKED, type="removal.verified.v1", key="case_id", owner="notifier"):
    """Independent checks in a row found page and pictures gone: the case can be closed."""

    case_id: UUID
    url: str
    first_gone_at: AwareDatetime
    verified_at: AwareDatetime
    checks: int


class HashListed(Event, topic=HASH_LISTED, type="hash.listed.v1", key="bank", owner="classifier"):
    """A bank changed: entries were listed, switched off or on, or its rules were edited. Every classifier reads at once
    what it lacks up to `revision`. `entries` is empty: hashes stay in the bank's table, and earlier writers filled it.
    """

    bank: str
    entries: tuple[HashEntry, ...] = ()
    listed_at: AwareDatetime
    revision: int = 0
    changed: int = 0


class CaseChanged(Event, topic=CASE_EVENTS, type="case.changed.v1", key="case_id", owner="gateway"):
    """Public: a case reached a new state. Redacted: no address of the content, no text, no victim, no reviewer."""

    case_id: UUID
    state: CaseState
    category: Category
    country: Country | None
    changed_at: AwareDatetime
