"""What becomes of a notice after an attempt to send it: sent, tried again, or given up with an alarm."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.text import one_line

# Our own submission server is asked, not the recipient's: it queues for days itself, so it is tried sooner than after
# the half hour of RFC 5321, 4.5.4.1. 5 s, 10 s, … 1 h: twenty attempts take about eleven hours.
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 3600.0
ATTEMPTS = 20
MAX_ANSWER = 500  # characters kept of what a server answered


@dataclass(frozen=True)
class Accepted:
    """The server took the mail; `answer` is what it said."""

    answer: str


@dataclass(frozen=True)
class Failed:
    """The notice was not taken, as far as we know. `final`: it was refused for good.

    `after_s`: the least wait before the next attempt, as the other side asked or a limit on its rate demands.
    `counted`: whether this was an attempt at all; one that only had to wait its turn was none. `perhaps_taken`: the
    other side may have it all the same, because its answer was lost. `by_hand`: it was refused for good to a machine; a
    person can hand it in.
    """

    reason: str
    final: bool = False
    after_s: float = 0.0
    counted: bool = True
    perhaps_taken: bool = False
    by_hand: bool = False


@dataclass(frozen=True)
class Sent:
    receipt: str


@dataclass(frozen=True)
class Retry:
    """`counted`: whether the attempt before it was one."""

    at: datetime
    reason: str
    counted: bool = True


@dataclass(frozen=True)
class Bounce:
    """`by_hand`: no alarm, a person can hand it in."""

    reason: str
    by_hand: bool = False


def decide(outcome: Accepted | Failed, attempt: int, attempts: int, now: datetime) -> Sent | Retry | Bounce:
    """`attempt` counts from 1; after `attempts` of them a person has to look."""
    match outcome:
        case Accepted(answer):
            return Sent(one_line(answer, MAX_ANSWER))
        case Failed(reason, final=True, by_hand=by_hand):
            return Bounce(one_line(reason, MAX_ANSWER), by_hand)
        case Failed(reason, counted=False, after_s=after_s):
            at = now + timedelta(seconds=max(after_s, FIRST_WAIT_S))
            return Retry(at, one_line(reason, MAX_ANSWER), counted=False)
        case Failed(reason) if attempt >= attempts:
            return Bounce(one_line(f"given up after {attempt} attempts: {reason}", MAX_ANSWER))
        case Failed(reason, after_s=after_s):
            return Retry(now + timedelta(seconds=max(wait(attempt), after_s)), one_line(reason, MAX_ANSWER))


def wait(attempt: int) -> float:
    """Seconds before the next attempt. The exponent is bounded because a float is."""
    return float(min(FIRST_WAIT_S * 2 ** min(attempt - 1, 30), LONGEST_WAIT_S))
