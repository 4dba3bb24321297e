"""The audit history's arithmetic: one hash chain a case. Pure; `history.py` reads and writes it, `tree/` seals it.

A line's hash covers everything in it and the hash of the line before, so that a changed, removed or reordered line
breaks the chain at that place. The chain's length and last hash are kept apart, so that a cut end shows as well.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from services.gateway.agencies.scoping import HOME
from shared.identity import identity

GENESIS = "0" * 64
# What belongs to no case; each agency has its own (`of_agency`).
ACCESS_CHAIN = identity("chain", "access")  # logins, accounts
ALERTS_CHAIN = identity("chain", "alerts")
HASHES_CHAIN = identity("chain", "hashes")
AUTOSEND_CHAIN = identity("chain", "autosend")
DETECTION_CHAIN = identity("chain", "detection")  # rules, policies, models, banks: as the classifier tells of them
HISTORY_CHAIN = identity("chain", "history")  # exports of it, keys that sign it
CONFIRMATIONS_CHAIN = identity("chain", "confirmations")  # what a second person confirms, where it is of no case
COMMANDS_CHAIN = identity("chain", "commands")  # what was changed in other services from the command line
TRANSFERS_CHAIN = identity("chain", "transfers")  # cases offered to and taken over by another agency
FEDERATION_CHAIN = identity("chain", "federation")  # peers, what they state and what we state
NAMED = {
    ACCESS_CHAIN: "access", ALERTS_CHAIN: "alerts", HASHES_CHAIN: "hashes", AUTOSEND_CHAIN: "autosend",
    DETECTION_CHAIN: "detection", HISTORY_CHAIN: "history",
    CONFIRMATIONS_CHAIN: "confirmations", TRANSFERS_CHAIN: "transfers", COMMANDS_CHAIN: "commands",
    FEDERATION_CHAIN: "federation",
}  # fmt: skip


class Action(StrEnum):
    """The vocabulary of the history."""

    FLAGGED = "content-flagged"
    SEALED = "evidence-sealed"
    SEAL_FAILED = "evidence-failed"
    DRAFTED = "notices-drafted"
    DRAFT_IGNORED = "late-draft-ignored"
    APPROVED = "notices-approved"
    REJECTED = "case-rejected"
    PROPOSED = "verdict-proposed"  # it waits for its undo window
    UNDONE = "verdict-undone"
    NOT_GIVEN = "verdict-not-given"
    EDITED = "notice-edited"
    SENT = "notice-sent"
    BOUNCED = "notice-bounced"
    ANSWERED = "notice-answered"
    ESCALATED = "rung-taken"
    WITHDRAWN = "notice-withdrawn"
    HAND_OVER_DUE = "hand-over-due"
    HANDED_OVER = "notice-handed-over"
    STOPPED = "notices-stopped"
    ATTENDED = "alarms-attended"
    PRINTED = "document-made"
    CHECKED = "content-checked"
    REMOVED = "removal-verified"
    REAPPEARED = "content-reappeared"
    OPENED = "case-opened"
    UNBLURRED = "picture-unblurred"
    TEXT_READ = "page-text-read"
    ORDERED = "evidence-ordered"
    ORDER_DONE = "evidence-order-done"
    ORDER_FAILED = "evidence-order-failed"
    DOWNLOADED = "bundle-downloaded"
    DESTROYED = "evidence-destroyed"
    ALERT_RAISED = "alert-raised"
    ALERT_TAKEN = "alert-taken-up"
    HASHES_SUBMITTED = "hashes-submitted"
    REPORT_RECEIVED = "report-received"
    CASE_REPORTED = "case-reported"
    PAGE_UNREACHED = "reported-page-unreached"
    REPORT_SEEN = "report-seen"
    REPORT_OPENED = "report-contact-opened"
    REPORT_DOCUMENT = "report-document-taken"
    REPORT_WITHDRAWN = "report-withdrawn"
    REPORT_FORGOTTEN = "report-contact-deleted"
    REFERRED = "referred"
    REFERRAL_FETCHED = "referral-fetched"
    POLICY_PROPOSED = "policy-proposed"
    POLICY_APPROVED = "policy-switched-on"
    POLICY_ENDED = "policy-ended"
    POLICY_USED = "policy-used"
    AUTOSEND_OFF = "policies-stopped"
    AUTOSEND_ON = "policies-resumed"
    AGENCY_ADDED = "agency-added"
    AGENCY_CHANGED = "agency-changed"
    CASE_OFFERED = "case-offered"
    CASE_TAKEN_OVER = "case-taken-over"
    CASE_GIVEN = "case-given"
    OFFER_DECLINED = "offer-declined"
    OFFER_WITHDRAWN = "offer-withdrawn"
    CONFIRMATION_ASKED = "confirmation-asked"
    CONFIRMED = "confirmation-given"
    CONFIRMATION_REFUSED = "confirmation-refused"
    RULES_CHANGED = "rules-changed"
    MODEL_PROMOTED = "model-promoted"
    BANK_CHANGED = "bank-changed"
    COMMAND_GIVEN = "command-given"
    EXPORTED = "history-exported"
    KEY_CHANGED = "history-key-changed"
    LOGGED_IN = "logged-in"
    LOGGED_OUT = "logged-out"
    ACCOUNT_CREATED = "account-created"
    CARE_ALLOWED = "care-budget-allowed"
    CARE_DEFAULTS = "care-defaults-set"
    GOLDEN_PROPOSED = "golden-proposed"
    GOLDEN_AGREED = "golden-agreed"
    GOLDEN_ENDED = "golden-ended"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105  # a word of the vocabulary
    FACTOR_ENROLLED = "second-factor-enrolled"
    FACTOR_RESET = "second-factor-reset"
    RECOVERY_USED = "recovery-code-used"
    RECOVERY_RENEWED = "recovery-codes-renewed"
    INVITED = "account-invited"
    ROLES_CHANGED = "account-roles-changed"
    ACCOUNT_OFF = "account-switched-off"
    ACCOUNT_ON = "account-switched-on"
    PEOPLE_SEEN = "people-seen"
    SESSIONS_ENDED = "sessions-ended"
    CREDENTIAL_ADDED = "credential-added"
    CREDENTIAL_ENDED = "credential-ended"
    SCOPES_CHANGED = "service-scopes-changed"
    WEBHOOK_ADDED = "webhook-added"
    WEBHOOK_CHANGED = "webhook-changed"
    WEBHOOK_ROTATED = "webhook-secret-rotated"
    WEBHOOK_REPLAYED = "webhook-replayed"
    WEBHOOK_PAUSED = "webhook-paused"
    WEBHOOK_RESUMED = "webhook-resumed"
    WEBHOOK_ENDED = "webhook-ended"
    FEDERATION_KEY_CHANGED = "federation-key-changed"
    STATED = "statement-issued"
    PEER_PROPOSED = "peer-proposed"
    PEER_PINNED = "peer-pinned"
    PEER_KEY_REVOKED = "peer-key-revoked"
    PEER_DISBELIEVED = "peer-disbelieved"
    STATEMENTS_RECEIVED = "statements-received"
    STATEMENTS_TAKEN = "statements-taken"
    STATEMENTS_REFUSED = "statements-refused"
    STATEMENTS_DROPPED = "statements-dropped"


@dataclass(frozen=True)
class Step:
    """What goes into the history of something that happened."""

    action: Action
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    chain: UUID
    seq: int  # counts from 1
    at: datetime
    actor: str  # a service's name or an official's pseudonym
    action: str
    details: Mapping[str, Any]  # strings, integers, booleans and lists of them: what JSON gives back unchanged
    prev_hash: str
    hash: str
    agency: str = HOME  # in which it was written


@dataclass(frozen=True)
class Break:
    """Where a chain is broken, and how: "missing", "changed" or "cut" (lines gone from the end)."""

    chain: UUID
    seq: int
    kind: str


def of_agency(chain: UUID, agency: str) -> UUID:
    """The agency's own chain for what belongs to no case; a case's chain is the case's, whoever works on it."""
    return chain if agency == HOME or chain not in NAMED else identity("chain", NAMED[chain], agency)


def canonical(
    chain: UUID,
    seq: int,
    at: datetime,
    actor: str,
    action: str,
    details: Mapping[str, Any],
    prev_hash: str,
    agency: str = HOME,
) -> bytes:
    """The line as it is hashed: JSON with sorted keys, no spaces, UTF-8, time in UTC with microseconds. One of the
    first agency is hashed as it was before there were several, without its name."""
    fields = {
        "chain": str(chain),
        "seq": seq,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": actor,
        "action": action,
        "details": details,
        "prev_hash": prev_hash,
    }
    if agency != HOME:
        fields["agency"] = agency
    return json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def written(line: Line) -> bytes:
    return canonical(line.chain, line.seq, line.at, line.actor, line.action, line.details, line.prev_hash, line.agency)


def next_line(
    chain: UUID,
    length: int,
    head: str,
    *,
    at: datetime,
    actor: str,
    action: Action,
    details: Mapping[str, Any],
    agency: str = HOME,
) -> Line:
    """The line after the `length` ones that end in the hash `head`."""
    seq, details = length + 1, plain(details)
    data = canonical(chain, seq, at, actor, action.value, details, head, agency)
    return Line(chain, seq, at, actor, action.value, details, head, sha256(data).hexdigest(), agency)


def plain(value: Any) -> Any:  # noqa: ANN401  # the shape of JSON
    """What the database gives back character for character: it writes fractions in a form of its own, and has no text
    with NUL or half a pair of surrogates."""
    match value:
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
        case float():
            return repr(value)
        case Mapping():
            return {plain(name): plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
    return value


def verify_chain(chain: UUID, lines: Iterable[Line], length: int, head: str) -> Break | None:
    """The first break, or None. `lines` in the order of `seq`; `length` and `head` as they were kept apart."""
    seq, previous = 0, GENESIS
    for line in lines:
        seq += 1
        if line.seq != seq:
            return Break(chain, seq, "missing")
        expected = sha256(written(line)).hexdigest()
        if (line.chain, line.prev_hash, line.hash) != (chain, previous, expected):
            return Break(chain, seq, "changed")
        previous = expected
    return None if (seq, previous) == (length, head) else Break(chain, seq + 1, "cut")
