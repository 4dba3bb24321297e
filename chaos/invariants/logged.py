"""The topics of cases, from the first record on, each event once: what a relay or a producer repeated counts as one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from aiokafka.admin import AIOKafkaAdminClient

from shared.bus.dead_letters import DEAD_SUFFIX
from shared.bus.kafka import KafkaBroker
from shared.bus.port import Received
from shared.events import TOPICS, Envelope, Event
from shared.events.base import Lane
from shared.events.envelope import Undecodable, decode

E = TypeVar("E", bound=Event)
NO = ("0", "false", "no", "off")


@dataclass(frozen=True)
class Log:
    """`begun`: by the database's clock; what was said before is in it. `events`: in the order of each partition.
    `dead`: what was put aside, as it lies there."""

    begun: datetime
    events: Sequence[Envelope[Event]]
    dead: Sequence[Received]

    def of(self, kind: type[E]) -> Iterator[E]:
        return (one.event for one in self.events if isinstance(one.event, kind))

    @property
    def ids(self) -> set[UUID]:
        return {one.id for one in self.events}


async def read_log(env: Mapping[str, str], begun: datetime) -> Log:
    """What nobody can read is left out: it is among the dead letters."""
    bootstrap, prefix = env["HAETAE_KAFKA_BOOTSTRAP"], env.get("HAETAE_TOPIC_PREFIX", "")
    there = await _topics(bootstrap, prefix)
    known = {topic.name for topic in TOPICS if topic.lane is Lane.CASE}
    idempotence = env.get("HAETAE_KAFKA_IDEMPOTENCE", "1").lower() not in NO
    broker = KafkaBroker(bootstrap, prefix, idempotence=idempotence, client="haetae-invariants")
    try:
        records = await _all(broker, [name for name in there if name in known or name.endswith(DEAD_SUFFIX)])
    finally:
        await broker.close()
    alive = sorted((one for one in records if one.topic in known), key=_place)
    events: dict[UUID, Envelope[Event]] = {}
    for envelope in _readable(alive):
        events.setdefault(envelope.id, envelope)
    return Log(begun, list(events.values()), [one for one in records if one.topic not in known])


def _place(record: Received) -> tuple[str, int, int]:
    return record.topic, record.partition.number, record.offset


def _readable(records: Sequence[Received]) -> Iterator[Envelope[Event]]:
    for record in records:
        try:
            yield decode(record.value, dict(record.headers))
        except Undecodable:
            continue


async def _topics(bootstrap: str, prefix: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return {name.removeprefix(prefix) for name in await admin.list_topics() if name.startswith(prefix)}
    finally:
        await admin.close()


async def _all(broker: KafkaBroker, topics: Sequence[str]) -> list[Received]:
    """All that is there now."""
    found: list[Received] = []
    if not topics:
        return found
    following = broker.follow(topics)
    try:
        while some := await anext(following):
            found += some
    finally:
        await following.aclose()  # type: ignore[attr-defined]  # a generator; the port promises an iterator
    return found
