"""One kind of worker behind one topic: partitions in order, pods that come and go, the controller of `deploy/scaling`.

A discrete simulation. A partition is worked through one record after another by the pod that holds it; a pod works on
`at_once` records of its partitions at the same time; whenever a pod comes or goes, nobody begins anything for
`rebalance_s`. What is in hand is finished. Seconds are simulated ones.
"""

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import exp, log

from deploy.scaling.controller import SYNC_S, Controller
from deploy.scaling.scaler import Scaler

Arrival = tuple[float, int]  # when, and which
Place = Callable[[int], int]
FINISHED, LOOK, READY, SETTLED = range(4)
AT_P99 = 2.326  # of the standard normal distribution


@dataclass(frozen=True)
class Draw:
    """Log-normal, by its median and its 99th percentile; constant where they are the same."""

    median: float
    p99: float

    def __call__(self, source: random.Random) -> float:
        return self.median * exp(log(self.p99 / self.median) * source.gauss(0.0, 1.0) / AT_P99)

    @property
    def mean(self) -> float:
        return self.median * exp((log(self.p99 / self.median) / AT_P99) ** 2 / 2)


@dataclass(frozen=True)
class Stage:
    """`seconds`: how long one record takes, drawn for each. `start_s`: from a pod asked for to a pod that reads.

    `speed`: how much faster than in a cluster the controller looks and remembers.
    """

    scaler: Scaler
    topic: str
    partitions: int
    at_once: int
    seconds: Draw
    start_s: float
    rebalance_s: float
    speed: float = 1.0


@dataclass(frozen=True)
class Seen:
    """When the controller looked: records waiting or in hand, pods asked for, pods that read, records finished."""

    at: float
    lag: int
    pods: int
    reading: int
    finished: int


@dataclass
class Outcome:
    """`finished`: when, and which, in that order."""

    finished: list[Arrival] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    pod_hours: float = 0.0


def simulate(
    stage: Stage, arrivals: Sequence[Arrival], source: random.Random, until: float, place: Place | None = None
) -> Outcome:
    """Until `until`, and on until nothing waits. `arrivals` in the order of time. `place`: the partition of each; None
    takes any, as the hash of a case's id does."""
    return _Run(stage, source, place or (lambda _: source.randrange(stage.partitions))).run(arrivals, until)


class _Run:
    def __init__(self, stage: Stage, source: random.Random, place: Place) -> None:
        self.stage, self.source, self.place, self.controller = stage, source, place, Controller(stage.scaler)
        self.waiting: list[deque[int]] = [deque() for _ in range(stage.partitions)]
        self.held: list[int | None] = [None] * stage.partitions  # the record in hand
        self.in_hand: dict[int, int] = {}  # pod → records
        self.pods = self.reading = max(1, stage.scaler.least)
        self.holders, self.paused_until = self.reading, 0.0
        self.events: list[tuple[float, int, int, int, int]] = []
        self.order, self.out = count(), Outcome()

    def run(self, arrivals: Sequence[Arrival], until: float) -> Outcome:
        self._later(0.0, LOOK)
        feed = iter(arrivals)
        coming = next(feed, None)
        while self.events:
            if coming is not None and coming[0] <= self.events[0][0]:
                self._arrived(*coming)
                coming = next(feed, None)
                continue
            now, _, kind, partition, pod = heappop(self.events)
            if kind == FINISHED:
                self._finished(now, partition, pod)
            elif kind == LOOK:
                self._look(now, again=coming is not None or now < until or self._lag() > 0)
            elif kind == READY and self.reading < self.pods:
                self.reading += 1
                self._rebalance(now)
            elif kind == SETTLED and now >= self.paused_until:
                self.holders = self.reading
                for number in range(self.stage.partitions):
                    self._begin(now, number)
        return self.out

    def _later(self, at: float, kind: int, partition: int = 0, pod: int = 0) -> None:
        heappush(self.events, (at, next(self.order), kind, partition, pod))

    def _arrived(self, now: float, which: int) -> None:
        partition = self.place(which)
        self.waiting[partition].append(which)
        self._begin(now, partition)

    def _begin(self, now: float, partition: int) -> None:
        pod = partition % self.holders
        free = self.in_hand.get(pod, 0) < self.stage.at_once
        if now < self.paused_until or not free or self.held[partition] is not None or not self.waiting[partition]:
            return
        self.held[partition] = self.waiting[partition].popleft()
        self.in_hand[pod] = self.in_hand.get(pod, 0) + 1
        self._later(now + self.stage.seconds(self.source), FINISHED, partition, pod)

    def _finished(self, now: float, partition: int, pod: int) -> None:
        which = self.held[partition]
        assert which is not None  # it was begun
        self.out.finished.append((now, which))
        self.held[partition] = None
        self.in_hand[pod] -= 1
        # The one after it in turn: a pod's partitions share it, none waits for the others to be empty.
        for step in range(1, self.stage.partitions + 1):
            self._begin(now, (partition + step) % self.stage.partitions)

    def _look(self, now: float, again: bool) -> None:
        every = SYNC_S / self.stage.speed
        lags = self._lags()
        before, self.pods = self.pods, self.controller.step(now * self.stage.speed, self.pods, lags)
        for _ in range(self.pods - before):
            self._later(now + self.stage.start_s, READY)
        if self.pods < self.reading:
            self.reading = self.pods
            self._rebalance(now)
        self.out.pod_hours += self.pods * every / 3600
        self.out.seen.append(Seen(now, self._lag(), self.pods, self.reading, len(self.out.finished)))
        if again:
            self._later(now + every, LOOK)

    def _rebalance(self, now: float) -> None:
        self.paused_until = now + self.stage.rebalance_s
        self._later(self.paused_until, SETTLED)

    def _lag(self) -> int:
        return sum(map(len, self.waiting)) + sum(one is not None for one in self.held)

    def _lags(self) -> dict[tuple[str, str], list[int]]:
        """Of this topic; the service's other topics are empty."""
        own = [len(some) + (held is not None) for some, held in zip(self.waiting, self.held, strict=True)]
        empty = [0] * self.stage.partitions
        return {
            (one.group, one.topic): own if one.topic == self.stage.topic else empty
            for one in self.stage.scaler.triggers
        }
