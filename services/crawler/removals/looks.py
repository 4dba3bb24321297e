"""When a check may say that content is gone (pure): after two looks, at different times or through different exits.

One look finds a moment: a server in trouble, a page that is being edited, an operator who waits for us to leave.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.crawler.removals.removal import least_favourable
from services.crawler.visit import Check, Checked
from shared.events.values import Probe, ProbeOutcome


def settled(check: Check, probes: tuple[Probe, ...], at: datetime, apart: timedelta) -> Checked:
    """What one more look makes of the check: its answer, or the moment of the next look (`again_at`).

    `check.earlier`: the probes of the last look of the case, if that found everything gone.
    """
    outcome = least_favourable(probes)
    if outcome is not ProbeOutcome.GONE:
        return Checked(check, outcome, probes, at)
    first_at = seen_at(check.earlier)
    if first_at is not None and first_at > at:  # a clock was set back: a look from the future proves nothing
        first_at = None
    if two_exits(probes) or (first_at is not None and at - first_at >= apart):
        return Checked(check, outcome, (*check.earlier, *probes), at, look=probes)
    if first_at is None:
        return Checked(check, outcome, probes, at, look=probes, again_at=at + apart)
    return Checked(check, outcome, probes, at, look=check.earlier, again_at=first_at + apart)


def two_exits(probes: Sequence[Probe]) -> bool:
    """Whether each address was seen through more than one exit."""
    exits: dict[str, set[str]] = {}
    for probe in probes:
        exits.setdefault(probe.url, set()).add(probe.exit)
    return bool(exits) and all(len(of_url) > 1 for of_url in exits.values())


def seen_at(probes: Sequence[Probe]) -> datetime | None:
    return max((probe.seen_at for probe in probes if probe.seen_at), default=None)
