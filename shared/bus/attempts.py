"""Tries a record's work until it is settled: done, or put aside. Anything else stops the service."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable

import structlog

from shared.bus.dead_letters import DeadLetters, TooManyDeadLetters
from shared.bus.decision import Park, Policy, Retry, Stop, decide, describe
from shared.bus.partition import Pause, Released
from shared.bus.port import Received
from shared.failures import Transient
from shared.metrics import Metrics

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[None]]


class Attempts:
    def __init__(
        self,
        policy: Policy,
        dead_letters: DeadLetters,
        metrics: Metrics,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._policy, self._dead_letters, self._metrics, self._jitter = policy, dead_letters, metrics, jitter

    async def settle(self, record: Received, work: Work, pause: Pause) -> None:
        """Raises `Released` when the partition is given up meanwhile, `TooManyDeadLetters` past the limit."""
        failures: Counter[bool] = Counter()
        while True:
            try:
                await work()
                return
            except Released:
                raise
            except Exception as failure:
                kind = isinstance(failure, Transient)
                failures[kind] += 1
                if await self._next(record, failure, failures[kind], failures.total(), pause):
                    return

    async def until_not_transient(self, record: Received, work: Work, pause: Pause) -> Exception | None:
        """Retries only what may pass; the first other failure is returned. For a batch: it is to be split then."""
        attempt = 0
        while True:
            try:
                await work()
                return None
            except Transient as failure:
                attempt += 1
                await self._next(record, failure, attempt, attempt, pause)
            except Released:
                raise
            except Exception as failure:
                return failure

    async def _next(self, record: Received, failure: Exception, attempt: int, total: int, pause: Pause) -> bool:
        """Whether the record is settled now."""
        self._metrics.failed.labels(record.topic).inc()
        match decide(failure, attempt, self._dead_letters.recent(), self._policy, self._jitter()):
            case Retry(after_s):
                self._metrics.retries.labels(record.topic).inc()
                log.warning(
                    "to be tried again",
                    topic=record.topic,
                    partition=record.partition.number,
                    offset=record.offset,
                    attempt=total,
                    after_s=round(after_s, 3),
                    error=describe(failure),
                )
                await pause(after_s)
                return False
            case Park():
                await self._dead_letters.park(record, failure, total, pause)
                return True
            case Stop(reason):
                raise TooManyDeadLetters(f"{record.topic}: {reason}") from failure
