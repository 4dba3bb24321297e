"""Durations in buckets that can be added up: medians of a month from its days, of a country from its agencies. Pure.

Buckets grow by 5 %, so that a quantile is never off by more than 2.5 % (DDSketch: Masson, Rim and Lee, PVLDB 12, 2019:
growth (1+a)/(1-a) gives the relative error a).
"""

from collections.abc import Mapping
from math import exp, floor, log

GROWTH = 1.05
LEAST_S = 1.0  # below, no agency's figure differs
_STEP = log(GROWTH)
NONE = -1  # of what is counted without a duration


def bucket(seconds: float) -> int:
    """Clocks that disagree give no negative time."""
    return max(0, floor(log(max(seconds, LEAST_S) / LEAST_S) / _STEP))


def middle(place: int) -> float:
    """Seconds in the middle of a bucket, by ratio."""
    return LEAST_S * exp(_STEP * (place + 0.5))


def quantile(counts: Mapping[int, int], q: float) -> float | None:
    """Seconds; None of nothing."""
    n = sum(counts.values())
    rank, seen = q * (n - 1), 0
    for place in sorted(counts):
        seen += counts[place]
        if counts[place] and seen > rank:
            return middle(place)
    return None


def under(counts: Mapping[int, int], low_s: float, high_s: float) -> int:
    """How many fall between; a bucket counts where its middle lies."""
    return sum(n for place, n in counts.items() if low_s <= middle(place) < high_s)
