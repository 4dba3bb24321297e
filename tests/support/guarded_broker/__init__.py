"""Kafka's log-in and rights before the embedded broker, which has neither: a peer built from Apache Kafka's protocol.

TLS, client certificates, SASL (SCRAM-SHA-512 and -256; PLAIN is refused), then each request decoded and decided by the
`KafkaUser` resources that are deployed. What it does not know it refuses. It has no quotas.
"""

from tests.support.guarded_broker.front import GuardedBroker, guarded

__all__ = ["GuardedBroker", "guarded"]
