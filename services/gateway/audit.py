"""The audit history's arithmetic: one hash chain a case. Pure; `history.py` reads and writes it.

A line's hash covers everything in it and the hash of the line before, so that a changed, removed or reordered line
breaks the chain at that place. The chain's length and last hash are kept apart, so that a cut end shows as well.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.identity import identity

GENESIS = "0" * 64
# What belongs to no case.
ACCESS_CHAIN = identity("chain", "access")  # logins, accounts
ALERTS_CHAIN = identity("chain", "alerts")
HASHES_CHAIN = identity("chain", "hashes")
AUTOSEND_CHAIN = identity("chain", "autosend")


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
    POLICY_PROPOSED = "policy-proposed"
    POLICY_APPROVED = "policy-switched-on"
    POLICY_ENDED = "policy-ended"
    POLICY_USED = "policy-used"
    AUTOSEND_OFF = "policies-stopped"
    AUTOSEND_ON = "policies-resumed"
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


@dataclass(frozen=True)
class Break:
    """Where a chain is broken, and how: "missing", "changed" or "cut" (lines gone from the end)."""

    chain: UUID
    seq: int
    kind: str


def line_hash(
    chain: UUID, seq: int, at: datetime, actor: str, action: str, details: Mapping[str, Any], prev_hash: str
) -> str:
    """SHA-256 of the line's canonical JSON: sorted keys, no spaces, UTF-8, time in UTC with microseconds."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = {
        "chain": str(chain),
        "seq": seq,
        "at": moment,
        "actor": actor,
        "action": action,
        "details": details,
        "prev_hash": prev_hash,
    }
    canonical = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def next_line(
    chain: UUID, length: int, head: str, *, at: datetime, actor: str, action: Action, details: Mapping[str, Any]
) -> Line:
    """The line after the `length` ones that end in the hash `head`."""
    seq = length + 1
    digest = line_hash(chain, seq, at, actor, action.value, details, head)
    return Line(chain, seq, at, actor, action.value, details, head, digest)


def verify_chain(chain: UUID, lines: Iterable[Line], length: int, head: str) -> Break | None:
    """The first break, or None. `lines` in the order of `seq`; `length` and `head` as they were kept apart."""
    seq, previous = 0, GENESIS
    for line in lines:
        seq += 1
        if line.seq != seq:
            return Break(chain, seq, "missing")
        expected = line_hash(chain, seq, line.at, line.actor, line.action, line.details, previous)
        if (line.chain, line.prev_hash, line.hash) != (chain, previous, expected):
            return Break(chain, seq, "changed")
        previous = expected
    return None if (seq, previous) == (length, head) else Break(chain, seq + 1, "cut")
