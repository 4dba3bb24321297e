"""What to do with a record whose handler failed: a pure decision over the three kinds of failure."""

from dataclasses import dataclass

from shared.failures import Rejected, Transient

# A server that hiccups answers again after a tenth of a second; one that is away for long is asked twice a minute.
FIRST_BACKOFF_S = 0.1
LONGEST_BACKOFF_S = 30.0
# Our own bugs are deterministic; three more tries cover the few that are races.
BUG_RETRIES = 3


@dataclass(frozen=True)
class Policy:
    """`dead_letter_limit` records may be parked within `dead_letter_window_s`; one more stops the service."""

    retries: int = BUG_RETRIES
    first_s: float = FIRST_BACKOFF_S
    longest_s: float = LONGEST_BACKOFF_S
    dead_letter_limit: int = 20
    dead_letter_window_s: float = 300.0


@dataclass(frozen=True)
class Retry:
    after_s: float


@dataclass(frozen=True)
class Park:
    reason: str


@dataclass(frozen=True)
class Stop:
    reason: str


def decide(failure: Exception, attempt: int, parked: int, policy: Policy, jitter: float = 1.0) -> Retry | Park | Stop:
    """`attempt` counts this record's failures of this kind from 1, `parked` what went to the dead letters lately.

    `jitter` in [0, 1] spreads retries: partitions that failed together should not all come back together.
    """
    if isinstance(failure, Transient):
        return Retry(max(failure.after_s or 0.0, backoff(attempt, policy, jitter)))
    if not isinstance(failure, Rejected) and attempt <= policy.retries:
        return Retry(backoff(attempt, policy, jitter))
    if parked >= policy.dead_letter_limit:
        return Stop(
            f"{parked} records went to the dead letters within {policy.dead_letter_window_s:g} s, the limit; "
            f"the next one failed with {describe(failure)}: mend the cause, then start the service again"
        )
    return Park(describe(failure))


def backoff(attempt: int, policy: Policy, jitter: float) -> float:
    """Doubles from `first_s` to `longest_s`; between half of that and all of it."""
    doublings = min(attempt - 1, 30)  # beyond it every float is over the cap
    return float(min(policy.longest_s, policy.first_s * 2**doublings) * (0.5 + 0.5 * jitter))


def describe(failure: BaseException) -> str:
    return f"{type(failure).__name__}: {failure}"
