"""Whether a series of samples grows. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

import numpy as np
from scipy.stats import theilslopes

CONFIDENCE = 0.95
# What starts slowly (caches, pools, the first of each kind of page) is not a leak.
WARM_SHARE = 1 / 6
GROWS = 0.02  # of its median in an hour
FEWEST = 12  # minutes

Growth = Literal["flat", "grows", "cannot be told"]


@dataclass(frozen=True)
class Trend:
    """An hour's growth with its confidence interval, in the samples' unit. `least`: so much in an hour is nothing,
    however little there is of it."""

    median: float
    highest: float
    slope: float
    at_least: float
    at_most: float
    least: float

    @property
    def growth(self) -> Growth:
        """Flat: no growth worth naming is compatible with what was seen. Cannot be told: too short, or too noisy."""
        bound = max(GROWS * self.median, self.least)
        if self.at_most <= bound:
            return "flat"
        return "grows" if self.at_least > bound else "cannot be told"


def trend(hours: Sequence[float], values: Sequence[float], least: float) -> Trend:
    """Theil's slope, the median of those between all pairs (Sen 1968): a restart or a collector's saw-tooth does not
    move it. Of the medians of minutes: samples of one minute say the same thing several times, and the interval would
    be too narrow. What lies in the first sixth of the time does not count. Raises `ValueError` for too few minutes."""
    if len(hours) != len(values):
        raise ValueError(f"values: {len(values)} of {len(hours)} moments")
    begun = hours[0] + (hours[-1] - hours[0]) * WARM_SHARE if hours else 0.0
    minutes: dict[int, list[float]] = defaultdict(list)
    for at, value in zip(hours, values, strict=True):
        if at >= begun:
            minutes[int(at * 60)].append(value)
    if len(minutes) < FEWEST:
        raise ValueError(f"samples: {len(minutes)} minutes after the warm-up are too few, {FEWEST} at least")
    measured = np.array([median(few) for few in minutes.values()])
    slope, _, low, high = theilslopes(measured, np.array([*minutes]) / 60, CONFIDENCE)
    return Trend(float(np.median(measured)), float(max(values)), float(slope), float(low), float(high), least)
