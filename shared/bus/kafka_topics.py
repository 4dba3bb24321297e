"""That the topics are there, with as few rights as a service has."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import ClusterAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError, for_code

from shared.bus.kafka_refusals import explained
from shared.failures import Transient

TOPIC_EXISTS = 36
REPLICAS = 3  # survives the loss of two brokers; a cluster of fewer has as many as it can
MAY_NOT = (TopicAuthorizationFailedError.errno, ClusterAuthorizationFailedError.errno)
IN_SYNC = 2  # of three: one may be lost, and one be in service


@dataclass(frozen=True)
class Wanted:
    """`retention_ms`: as the broker has it, without."""

    name: str
    partitions: int
    retention_ms: int | None = None

    def configs(self, copies: int) -> dict[str, str]:
        kept = {} if self.retention_ms is None else {"retention.ms": str(self.retention_ms)}
        return kept | ({"min.insync.replicas": str(IN_SYNC)} if copies >= REPLICAS else {})


async def ensure_topics(at: Mapping[str, Any], wanted: Collection[Wanted], creates: bool) -> None:
    """Where all are there, which whoever reads or writes them may see, it asks for no other right.

    Raises `Transient` when some are missing and were not created.
    """
    admin = AIOKafkaAdminClient(**at)
    try:
        await admin.start()
        there = set(await admin.list_topics())
        missing = [one for one in wanted if one.name not in there]
        if missing and not creates:
            raise Transient(_missing([one.name for one in missing], "HAETAE_KAFKA_CREATE_TOPICS is off"))
        if missing:
            await _create(admin, missing)
    except KafkaError as error:
        raise Transient(f"Kafka did not create the topics: {await explained(error, at)}") from error
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, missing: Collection[Wanted]) -> None:
    copies = min(len((await admin.describe_cluster())["brokers"]), REPLICAS)
    new = [NewTopic(one.name, one.partitions, copies, topic_configs=one.configs(copies)) for one in missing]
    made = await admin.create_topics(new)
    failed = {name: code for name, code, *_ in made.topic_errors if code not in (0, TOPIC_EXISTS)}
    if forbidden := [name for name, code in failed.items() if code in MAY_NOT]:
        raise Transient(_missing(forbidden, "this user may not create them"))
    for name, code in failed.items():
        raise Transient(f"topic {name} was not created: {for_code(code).__name__}")


def _missing(names: Iterable[str], why: str) -> str:
    return (
        f"Kafka shows no topic {', '.join(sorted(names))}, and {why}: have whoever runs Kafka create them and let this "
        "user read or write them, as docs/kafka-access.md lists"
    )
