"""Whether a series of samples grows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import theilslopes

CONFIDENCE = 0.95
# What starts slowly (caches, pools, the first of each kind of page) is not a leak.
WARM_SHARE = 1 / 6
# Of its median in an hour; and what no machine notices within a month, by which a flat line of few megabytes is judged.
GROWS, NOTHING = 0.02, 2.0
FEWEST = 12


@dataclass(frozen=True)
class Trend:
    """An hour's growth with its confidence interval, in the samples' unit."""

    median: float
    highest: float
    slope: float
    at_least: float
    at_most: float

    @property
    def flat(self) -> bool:
        """Growth by a fiftieth of its median in an hour, and by `NOTHING`, lies beyond what the samples bear out.

        By the lower end: noise does not make a leak, and a leak's interval leaves zero within the hour.
        """
        return self.at_least <= max(GROWS * self.median, NOTHING)


def trend(hours: Sequence[float], values: Sequence[float]) -> Trend:
    """Theil's slope, the median of those between all pairs (Sen 1968): a restart or a collector's saw-tooth does not
    move it. What lies in the first sixth of the time does not count. Raises `ValueError` for too few samples."""
    if len(hours) != len(values):
        raise ValueError(f"values: {len(values)} of {len(hours)} moments")
    begun = hours[0] + (hours[-1] - hours[0]) * WARM_SHARE if hours else 0.0
    kept = [(at, value) for at, value in zip(hours, values, strict=True) if at >= begun]
    if len(kept) < FEWEST:
        raise ValueError(f"samples: {len(kept)} after the warm-up are too few, {FEWEST} at least")
    at, measured = np.array(kept).T
    slope, _, low, high = theilslopes(measured, at, CONFIDENCE)
    return Trend(float(np.median(measured)), float(measured.max()), float(slope), float(low), float(high))
