"""Does it stay gone? After a removal the checks go on, and two of them have to see the content again (pure).

One sight is not enough: a cache that still has an old copy would have the agency write a notice about content that is
not there. The second look follows as soon as the one that proves a removal.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from services.notifier.removal.watching import Rhythm
from shared.events.values import Probe, ProbeOutcome


class Sight(Enum):
    """What a check after the removal says. Nothing: a wall, or no answer."""

    BACK = "back"
    AWAY = "away"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Guard:
    """`awaited` and `step`: as of a `Watch`. `back_at`: of the present row of checks that saw the content again."""

    awaited: int
    step: int
    removed_at: datetime
    back_at: datetime | None = None


@dataclass(frozen=True)
class Again:
    """Go on: the check `guard.awaited` is due then."""

    guard: Guard
    due_at: datetime


@dataclass(frozen=True)
class Back:
    """The content is back, and was `seen_at`."""

    seen_at: datetime


@dataclass(frozen=True)
class Over:
    """It stayed away for as long as anybody looks."""


def keep_guard(guard: Guard, sight: Sight, checked_at: datetime, now: datetime, rhythm: Rhythm) -> Again | Back | Over:
    """What the answer to the awaited check leads to. `checked_at` is the checker's time, `now` ours."""
    following = replace(guard, awaited=guard.awaited + 1)
    if sight is Sight.BACK:
        if guard.back_at is None or guard.back_at > checked_at:  # the checker's clock may have been set back
            return Again(replace(following, back_at=checked_at), now + timedelta(seconds=rhythm.confirm_after))
        confirm_at = guard.back_at + timedelta(seconds=rhythm.confirm_after)
        return Back(guard.back_at) if checked_at >= confirm_at else Again(following, max(confirm_at, now))
    back_at = guard.back_at if sight is Sight.NOTHING else None
    # Seen again once, and never again: as long again, or what hides behind a wall would be looked for for ever.
    if now >= (back_at or guard.removed_at) + timedelta(seconds=rhythm.guard_s):
        return Over()
    step = guard.step + 1
    return Again(replace(following, step=step, back_at=back_at), rhythm.due(step, now))


def sight(outcome: ProbeOutcome, probes: tuple[Probe, ...]) -> Sight:
    """One visitor who is shown the content suffices: operators who hide it from us show it to others."""
    if any(ProbeOutcome.PRESENT in (probe.outcome, probe.by_itself) for probe in probes):
        return Sight.BACK
    return Sight.NOTHING if outcome in (ProbeOutcome.WALLED, ProbeOutcome.UNREACHABLE) else Sight.AWAY
