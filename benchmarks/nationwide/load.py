"""A day of findings: a curve over its hours, and a storm on top of it. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, tau

DAY_S, HOUR_S, MINUTE_S = 86_400.0, 3600.0, 60.0


@dataclass(frozen=True)
class Load:
    """`findings_a_day` without the storm; `flagged`: the share of them that becomes a case. `swing`: how far the
    busiest hour (`peak_hour`) is above the mean, as a share of it. The storm brings `storm_times` the mean on top, and
    while it lasts `storm_flagged` is the share that becomes a case."""

    sites: int
    findings_a_day: float
    flagged: float
    swing: float
    peak_hour: float
    storm_hour: float
    storm_minutes: float
    storm_times: float
    storm_flagged: float

    @property
    def mean(self) -> float:
        """Findings a second."""
        return self.findings_a_day / DAY_S

    def in_storm(self, at: float) -> bool:
        began = self.storm_hour * HOUR_S
        return began <= at < began + self.storm_minutes * MINUTE_S

    def rate(self, at: float) -> float:
        """Findings a second, `at` seconds after midnight."""
        usual = self.mean * (1 + self.swing * cos(tau * (at / DAY_S - self.peak_hour / 24)))
        return usual + (self.mean * self.storm_times if self.in_storm(at) else 0.0)

    def arrivals(self, source: random.Random) -> Iterator[tuple[float, bool]]:
        """Seconds after midnight, and whether it is flagged. A Poisson process, by thinning (Lewis, Shedler 1979)."""
        highest = self.mean * (1 + self.swing + self.storm_times)
        at = source.expovariate(highest)
        while at < DAY_S:
            if source.random() * highest < self.rate(at):
                share = self.storm_flagged if self.in_storm(at) else self.flagged
                yield at, source.random() < share
            at += source.expovariate(highest)
