"""Dead letters: what could not be handled, put aside whole, with the reason. Nothing is lost silently.

`letters` reads them, and says how each ended.
"""

from collections import deque
from datetime import datetime

import structlog

from shared.bus.decision import Policy, backoff, describe
from shared.bus.partition import Pause
from shared.bus.port import Broker, Received, Record
from shared.clock import Clock
from shared.failures import Transient
from shared.metrics import Metrics

log = structlog.get_logger(__name__)

DEAD_SUFFIX = ".dead"
# A header is read by a person: the first kilobytes of an error say what it was.
MAX_ERROR = 4096


class TooManyDeadLetters(Exception):
    """The service stops rather than emptying its topic into the dead letters."""


class DeadLetters:
    """`service`: who could not handle them; several may read one topic."""

    def __init__(self, broker: Broker, policy: Policy, clock: Clock, metrics: Metrics, service: str = "") -> None:
        self._service = service
        self._broker, self._policy, self._clock, self._metrics = broker, policy, clock, metrics
        self._moments: deque[float] = deque()

    def recent(self) -> int:
        """How many were parked within the policy's window."""
        start = self._clock.monotonic() - self._policy.dead_letter_window_s
        while self._moments and self._moments[0] < start:
            self._moments.popleft()
        return len(self._moments)

    async def park(self, record: Received, failure: Exception, attempts: int, pause: Pause) -> None:
        """Returns when the dead letter is acknowledged; as long as the broker is away, it is tried again."""
        self._moments.append(self._clock.monotonic())
        letter, tries = dead_letter(record, failure, attempts, self._service, self._clock.now()), 0
        while True:
            try:
                await self._broker.produce([letter])
                break
            except Transient as away:
                tries += 1
                log.warning("dead letter not written yet", topic=letter.topic, error=describe(away))
                await pause(backoff(tries, self._policy, 1.0))
        self._metrics.dead.labels(record.topic).inc()
        log.error(
            "record put aside",
            topic=record.topic,
            partition=record.partition.number,
            offset=record.offset,
            attempts=attempts,
            error=describe(failure),
            exc_info=failure,
        )


def dead_letter(record: Received, failure: Exception, attempts: int, service: str, at: datetime) -> Record:
    headers = {
        **record.headers,
        "dead_service": service.encode(),
        "dead_at": at.isoformat().encode(),
        "dead_error": describe(failure)[:MAX_ERROR].encode(),
        "dead_attempts": str(attempts).encode(),
        "dead_topic": record.topic.encode(),
        "dead_partition": str(record.partition.number).encode(),
        "dead_offset": str(record.offset).encode(),
    }
    return Record(record.topic + DEAD_SUFFIX, record.key, record.value, headers)
