"""What was seen of a storm, second by second."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """`at`: seconds since the first finding. `lag`: records of the stage's topic that are not committed. `pods`: asked
    for; `reading`: of them ready."""

    at: float
    arrived: int
    done: int
    lag: int
    pods: int
    reading: int


@dataclass(frozen=True)
class Curve:
    """`drained_s`: from the first finding until the last was sealed. `starts_s`: of each process started meanwhile."""

    moments: Sequence[Moment]
    drained_s: float
    starts_s: Sequence[float]

    @property
    def highest_lag(self) -> int:
        return max(moment.lag for moment in self.moments)

    @property
    def most_pods(self) -> int:
        return max(moment.pods for moment in self.moments)

    @property
    def pod_seconds(self) -> float:
        """Until it was drained."""
        ends = [*(moment.at for moment in self.moments[1:]), self.moments[-1].at]
        return sum(
            moment.pods * (min(end, self.drained_s) - moment.at)
            for moment, end in zip(self.moments, ends, strict=True)
            if moment.at < self.drained_s
        )
