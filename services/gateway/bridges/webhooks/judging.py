"""What an answer means, and what comes after it. Pure.

Whether a receiver wants events is asked as CloudEvents say (HTTP 1.1 Web Hooks for Event Delivery 1.0.1, 4): a status
alone is no consent, for many servers answer OPTIONS to anybody.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from shared.net.calling import Reply
from shared.net.retry_after import retry_after_s

FIRST_RETRY_S, LONGEST_RETRY_S = 5.0, 3_600.0  # doubling: eleven tries within the first two hours, then hourly
SPREAD = 0.25  # of a wait: receivers of one operator do not all come back at once
GIVE_UP = timedelta(days=3)  # a weekend
MOST_PER_MINUTE = 100_000  # beyond it a receiver allows whatever comes


class Outcome(StrEnum):
    TAKEN = "taken"  # 2xx; of a question: agreed
    REFUSED = "refused"  # another status
    REDIRECTED = "redirected"  # which is not followed
    GONE = "gone"
    NO_CONSENT = "no-consent"
    BAD_ADDRESS = "bad-address"  # not of the public internet
    NOT_REACHED = "not-reached"
    NO_ANSWER = "no-answer"  # within the time, or longer than is read
    OUR_ERROR = "our-error"  # which the log names


@dataclass(frozen=True)
class Judged:
    """`retry_after_s`: what the receiver asks for. `per_minute`: how often it allows; None: as we like."""

    outcome: Outcome
    status: int | None = None
    retry_after_s: float = 0.0
    per_minute: int | None = None


def taken(reply: Reply, now: datetime) -> Judged:
    wait = retry_after_s(reply.headers.get("retry-after"), now)
    match reply.status:
        case status if 200 <= status < 300:
            outcome = Outcome.TAKEN
        case 410:
            outcome = Outcome.GONE
        case status if 300 <= status < 400:
            outcome = Outcome.REDIRECTED
        case _:
            outcome = Outcome.REFUSED
    return Judged(outcome, reply.status, wait)


def agreed(reply: Reply, origin: str, now: datetime) -> Judged:
    """`origin`: who asked. The answer names it, or `*`."""
    allowed = reply.headers.get("webhook-allowed-origin", "").strip().lower()
    plain = taken(reply, now)
    if plain.outcome is Outcome.TAKEN and allowed not in (origin.lower(), "*"):
        return Judged(Outcome.NO_CONSENT, reply.status)
    return Judged(plain.outcome, plain.status, plain.retry_after_s, _rate(reply.headers.get("webhook-allowed-rate")))


def _rate(text: str | None) -> int | None:
    """Requests a minute; `*`, nothing or nonsense is no limit, and below one there is none."""
    text = (text or "").strip()
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 0 < int(text) <= MOST_PER_MINUTE:
        return None
    return int(text)


def wait_s(failures: int, asked_s: float, dice: Random) -> float:
    """Before the next try, after so many failures in a row (one or more)."""
    doubled = FIRST_RETRY_S * 2.0 ** min(failures - 1, 20)
    return max(min(doubled, LONGEST_RETRY_S) * dice.uniform(1 - SPREAD, 1 + SPREAD), asked_s)
