"""When is content gone? Checks in a row decide, and one that looks like a removal is never enough.

A page that is away for a moment, or claims to be deleted while it is still served, must not close a case: two checks
in a row have to find page and pictures gone, far enough apart that one outage cannot be both.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.events.values import Probe, ProbeOutcome


@dataclass(frozen=True)
class Rhythm:
    """`waits`: seconds before step 1, 2, … of the schedule; the last repeats. `confirm_after`: least seconds between
    two proofs. `guard_s`: so long after its removal content is looked for, in seconds."""

    waits: tuple[float, ...]
    confirm_after: float
    guard_s: float = 0.0

    def due(self, step: int, now: datetime) -> datetime:
        return now + timedelta(seconds=self.waits[min(step, len(self.waits)) - 1])


@dataclass(frozen=True)
class Watch:
    """`awaited`: number of the check that is out. `first_gone_at`: of the present row of checks that found it gone.
    `step`: of the schedule, which checks that confirm another, and those that were lost, do not use up."""

    awaited: int = 1
    gone_in_a_row: int = 0
    first_gone_at: datetime | None = None
    step: int = 1


@dataclass(frozen=True)
class Next:
    """Go on watching: the check `watch.awaited` is due then."""

    watch: Watch
    due_at: datetime


@dataclass(frozen=True)
class Verified:
    first_gone_at: datetime
    checks: int


def follow(watch: Watch, gone: bool, checked_at: datetime, now: datetime, rhythm: Rhythm) -> Next | Verified:
    """What the answer to the awaited check leads to. `checked_at` is the checker's time, `now` ours."""
    following = watch.awaited + 1
    if not gone:
        return Next(Watch(following, step=watch.step + 1), rhythm.due(watch.step + 1, now))
    if watch.first_gone_at is None or watch.first_gone_at > checked_at:  # the checker's clock may have been set back
        confirm_at = now + timedelta(seconds=rhythm.confirm_after)
        return Next(Watch(following, 1, checked_at, watch.step), confirm_at)
    confirm_at = watch.first_gone_at + timedelta(seconds=rhythm.confirm_after)
    if checked_at >= confirm_at:
        return Verified(watch.first_gone_at, watch.awaited)
    return Next(replace(watch, awaited=following, gone_in_a_row=watch.gone_in_a_row + 1), max(confirm_at, now))


def gone(outcome: ProbeOutcome, probes: tuple[Probe, ...]) -> bool:
    """Only when the check says so and so does each of its probes: an outcome without a probe proves nothing."""
    return outcome is ProbeOutcome.GONE and bool(probes) and all(probe.outcome is ProbeOutcome.GONE for probe in probes)
