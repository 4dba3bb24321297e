"""When a policy may approve in an official's place (pure): exact matches, named recipients, within time and cap.

"Nothing is sent to anybody without an approval recorded before it: a reviewer's, or an agency policy that a supervisor
switched on for exact matches to named recipients." Whatever is in doubt goes to a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.events import Assessment
from shared.events.values import Match, Notice, Recipient
from shared.notices import approvable, notice_digest

EXACT = "sha256"  # the very file. MD5 can be forged (RFC 6151), and a perceptual hash is a likeness
# Sources of the banks that the agency itself answers for (`Match.source`); `exchange`: only another agency does.
VOUCHED = frozenset({"agency", "victim_report"})
MAX_DAYS = 31  # a policy that nobody looks at again must end by itself
MAX_CAP = 10_000  # of cases in any 24 hours: the national system's day
# An approval is taken up within seconds; one that lay in a queue for so long was meant for another day.
WORTH = timedelta(hours=1)


class PolicyState(StrEnum):
    PROPOSED = "proposed"
    ACTIVE = "active"
    ENDED = "ended"
    EXPIRED = "expired"


class Refusal(StrEnum):
    """Why a person has to decide."""

    OFF = "off"
    NOT_ACTIVE = "not-active"
    EXPIRED = "expired"
    NOT_EXACT = "not-exact"
    NOBODY_NAMED = "nobody-named"
    CAP = "cap"


@dataclass(frozen=True)
class Terms:
    """`banks`: whose exact matches count. `recipients`: mailboxes, `api:CONNECTOR` or `provider:ID`. `daily_cap`: cases
    in any 24 hours."""

    banks: frozenset[str]
    recipients: frozenset[str]
    daily_cap: int
    expires_at: datetime

    def names(self, to: Recipient) -> bool:
        return bool(self.recipients & names_of(to))


def names_of(to: Recipient) -> set[str]:
    """Under which a policy can name a recipient. A form is handed in by a person, who may as well decide."""
    found = {"mail": {to.email.lower()}, "api": {f"api:{to.connector}"}}.get(to.channel, set())
    return found | {f"provider:{to.provider}"} if found and to.provider else found


def state_of(
    approved_at: datetime | None, ended_at: datetime | None, expires_at: datetime, now: datetime
) -> PolicyState:
    if ended_at is not None:
        return PolicyState.ENDED
    if now >= expires_at:
        return PolicyState.EXPIRED
    return PolicyState.ACTIVE if approved_at is not None else PolicyState.PROPOSED


def exact(assessment: Assessment, banks: frozenset[str]) -> Match | None:
    """The match that a policy may lean on."""
    usable = {bank for bank in banks if approvable(bank)}  # policies may be older than this rule
    ours = (one for one in assessment.matches if one.bank in usable and one.source in VOUCHED)
    return next((one for one in ours if one.algorithm == EXACT and one.distance == 0), None)


def judged(
    terms: Terms, state: PolicyState, assessment: Assessment, notices: Sequence[Notice], used: int
) -> tuple[Notice, ...] | Refusal:
    """The notices that the policy approves, or why a person has to decide. `used`: cases in the last 24 hours."""
    if state is PolicyState.EXPIRED:
        return Refusal.EXPIRED
    if state is not PolicyState.ACTIVE:
        return Refusal.NOT_ACTIVE
    if exact(assessment, terms.banks) is None:
        return Refusal.NOT_EXACT
    chosen = _sendable([one for one in notices if terms.names(one.recipient)])
    if not any(one.rung == 0 and one.follows is None for one in chosen):
        return Refusal.NOBODY_NAMED
    if used >= terms.daily_cap:
        return Refusal.CAP
    return chosen


def _sendable(notices: Sequence[Notice]) -> tuple[Notice, ...]:
    """Those that a person could approve too: whole, unchanged since they were written, no reminder by itself."""
    whole = [one for one in notices if not one.missing and notice_digest(one) == one.sha256]
    present = {one.notice_id for one in whole}
    return tuple(one for one in whole if one.follows is None or one.follows in present)


def until(terms: Terms, now: datetime) -> datetime:
    return min(terms.expires_at, now + WORTH)
