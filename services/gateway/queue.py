"""The order in which cases are reviewed, with its reasons. Pure.

    points(now) = 100 × risk + 20 if a picture is already known as illegal + 60 × urgency + 4 × hours waited

Waiting grows at the same pace for every case, so the order of two cases never changes with time: it can be stored,
indexed and paged by key (`order`), and only the points shown to the reviewer depend on the moment.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

RISK_POINTS = 100.0  # the most certain case starts 100 points ahead of the least certain
KNOWN_POINTS = 20.0  # known content is certain to be illegal and spreads again: ahead of an equal risk from text
URGENCY_POINTS = 60.0  # a person who can be found by it now: ahead of a surer case that nobody can be harmed by today
# The agency's clock is 24 h: by then any case has gained 96 points, as much as certainty is worth. Without it, a
# steady stream of certain cases would keep an uncertain one waiting for ever.
POINTS_PER_HOUR = 4.0
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # any fixed moment: only differences count


@dataclass(frozen=True)
class Priority:
    """Points at a moment and what they are made of, by name: "risk", "known", "urgency", "waiting"."""

    points: float
    parts: dict[str, float]


def hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600


def order(risk: float, known: bool, urgency: float, since: datetime) -> float:
    """Sort descending by this: the order of `points` at any moment."""
    earned = RISK_POINTS * risk + (KNOWN_POINTS if known else 0.0) + URGENCY_POINTS * urgency
    return earned - POINTS_PER_HOUR * hours(EPOCH, since)


def priority(risk: float, known: bool, urgency: float, since: datetime, now: datetime) -> Priority:
    parts = {
        "risk": RISK_POINTS * risk,
        "known": KNOWN_POINTS if known else 0.0,
        "urgency": URGENCY_POINTS * urgency,
        "waiting": POINTS_PER_HOUR * max(0.0, hours(since, now)),
    }
    return Priority(sum(parts.values()), parts)
