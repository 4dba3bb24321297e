"""The order in which cases are reviewed, with its reasons. Pure.

    weight(now) = harm × urgency × spread × clock ÷ exposure,  clock = 2 ^ (hours waited / DOUBLING_H)

The clock doubles every case's weight at one pace, so the order of two cases never changes with time: its logarithm can
be stored, indexed and paged by key (`order`), and only what is shown to the reviewer depends on the moment. The pace
follows from our promise: after `PROMISE` the least of cases has caught up with the most pressing one that comes in
then, so nothing starves. A case that is due sooner has caught up when it is due.

Points are that logarithm on a scale that can be read: 0 to 100 is the range of fresh cases, waiting adds 100 in a day.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from math import log2

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # any fixed moment: only differences count
FORMULA = 1  # raised whenever a number below changes: what is stored is then computed anew (`claims/renewing.py`)

PROMISE = timedelta(hours=24)  # the agency's clock: by then somebody has looked
# Who reported it herself waits for an answer, and knows that it is there: a quarter of a day.
REPORTED_PROMISE = timedelta(hours=6)

# How much harm a day more does, beside text that may be nothing. Starting values, to be set with those who counsel.
HARM = {
    "minor_apparent": 4.0,
    "threatened": 3.0,  # it can still be kept from being distributed
    "grooming_lure": 3.0,
    "live_stream_record": 3.0,
    "known_content": 2.5,
    "reupload": 2.5,
    "synthesised": 2.0,
    "suspected_picture": 2.0,
    "trade_offer": 2.0,
    "personal_data_posted": 2.0,
}
OTHER_HARM = 1.0
MOST_HARM = max(HARM.values())
# A fifth of its harm is left to what is almost certainly nothing: a wrong score must not bury a case.
LEAST_CERTAINTY = 0.2
MOST_URGENCY = 4.0  # a person who can be found by it now: ahead of a surer case that harms nobody today
MOST_SPREAD = 4.0
COPIES_COUNTED = 63  # six doublings: half a point each up to MOST_SPREAD
# Looking costs the person who looks. Text costs least; nine pictures and more cost MOST_EXPOSURE.
MOST_EXPOSURE = 4.0
KNOWN_EXPOSURE = 1.2  # its hash decides: a glance at the blurred picture

MOST = MOST_HARM * MOST_URGENCY * MOST_SPREAD
LEAST = OTHER_HARM * LEAST_CERTAINTY / MOST_EXPOSURE
RANGE = log2(MOST / LEAST)  # 10.3 doublings
DOUBLING_H = PROMISE / timedelta(hours=1) / RANGE  # 2.3 h
SCALE = 100 / RANGE  # points of a doubling
PARTS = ("harm", "urgency", "spread", "exposure", "waiting", "deadline")


@dataclass(frozen=True)
class Known:
    """What the order of a case depends on. `urgency` and `risk`: 0 to 1. `copies`: other places of the same content.
    `pictures`: how many have to be looked at, videos among them."""

    category: str | None
    risk: float
    known: bool
    urgency: float
    copies: int
    pictures: int
    since: datetime
    reported: bool = False

    @property
    def due(self) -> datetime:
        return self.since + (REPORTED_PROMISE if self.reported else PROMISE)


@dataclass(frozen=True)
class Factors:
    """Each at least as large as its least, so that `points` are never negative."""

    harm: float
    urgency: float
    spread: float
    exposure: float

    @property
    def weight(self) -> float:
        """Of a case that comes in now."""
        return self.harm * self.urgency * self.spread / self.exposure


@dataclass(frozen=True)
class Priority:
    """Points at a moment and what they are made of, by name: harm, urgency, spread, exposure (the less to look at, the
    more points), waiting, and deadline, which raises a case that is due sooner than its waiting would."""

    points: float
    parts: dict[str, float]


def factors(case: Known) -> Factors:
    return Factors(
        harm=harm(case.category, case.risk, case.known),
        urgency=MOST_URGENCY ** _share(case.urgency),
        spread=1 + log2(1 + min(max(case.copies, 0), COPIES_COUNTED)) / 2,
        exposure=exposure(case.known, case.pictures),
    )


def harm(category: str | None, risk: float, known: bool) -> float:
    certainty = 1.0 if known else LEAST_CERTAINTY + (1 - LEAST_CERTAINTY) * _share(risk)
    return HARM.get(category or "", OTHER_HARM) * certainty


def exposure(known: bool, pictures: int) -> float:
    if pictures <= 0:
        return 1.0
    return KNOWN_EXPOSURE if known else min(MOST_EXPOSURE, 1 + pictures**0.5)


def hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600


def order(made: Factors, since: datetime, due: datetime) -> float:
    """Sort descending by this: the order of weights at any moment."""
    waited = log2(made.weight) - hours(EPOCH, since) / DOUBLING_H
    return max(waited, log2(MOST) - hours(EPOCH, due) / DOUBLING_H)


def priority(made: Factors, since: datetime, due: datetime, now: datetime) -> Priority:
    parts = {
        "harm": SCALE * log2(made.harm / (OTHER_HARM * LEAST_CERTAINTY)),
        "urgency": SCALE * log2(made.urgency),
        "spread": SCALE * log2(made.spread),
        "exposure": SCALE * log2(MOST_EXPOSURE / made.exposure),
        "waiting": SCALE * max(0.0, hours(since, now)) / DOUBLING_H,
    }
    by_deadline = 100 - SCALE * min(hours(now, due), hours(since, due)) / DOUBLING_H
    parts["deadline"] = max(0.0, by_deadline - sum(parts.values()))
    return Priority(sum(parts.values()), parts)


def stored(made: Factors) -> dict[str, float]:
    return asdict(made)


def priority_of(
    kept: Mapping[str, float] | None, since: datetime | None, due: datetime | None, now: datetime
) -> Priority:
    """Of what is stored of a case; nothing while it waits for its first order."""
    if kept is None or since is None or due is None:
        return Priority(0.0, {})
    return priority(Factors(**kept), since, due, now)


def _share(score: float) -> float:
    return min(1.0, max(0.0, score))
