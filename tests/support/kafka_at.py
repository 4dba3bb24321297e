"""Where a test's Kafka is, in a form that a process can be told."""

from __future__ import annotations

from dataclasses import dataclass

from shared.bus.kafka import KafkaBroker
from shared.bus.kafka_member import SESSION_SECONDS

# The embedded broker allows what Kafka does not by default; a test that kills members waits for it.
EMBEDDED_SESSION_SECONDS = 2.0


@dataclass(frozen=True)
class KafkaAt:
    bootstrap: str
    prefix: str
    embedded: bool

    def broker(self) -> KafkaBroker:
        session_s = EMBEDDED_SESSION_SECONDS if self.embedded else SESSION_SECONDS
        return KafkaBroker(self.bootstrap, self.prefix, idempotence=not self.embedded, session_s=session_s)
