"""The topics of a broker, and how long each keeps what is in it."""

from collections.abc import Collection
from dataclasses import dataclass

from shared.bus.retention import DAY_MS, DEAD_DAYS, kept_ms
from shared.events import TOPICS
from shared.events.base import Lane, Topic
from shared.handling import Service


@dataclass(frozen=True)
class Kept:
    name: str
    partitions: int
    retention_ms: int
    public: bool
    why: str


def kept(services: Collection[Service]) -> list[Kept]:
    handled = {event.topic for service in services for event in (*service.handles, *service.batches)}
    made = [Kept(topic.name, topic.partitions, kept_ms(topic), topic.public, _why(topic)) for topic in TOPICS]
    made += [Kept(topic.dead, 1, DEAD_DAYS * DAY_MS, False, "dead letters") for topic in handled]
    return sorted(made, key=lambda one: one.name)


def _why(topic: Topic) -> str:
    if topic.forever:
        return "read from its first record on"
    if topic.public:
        return "for subscribers"
    return "what is seen on the web" if topic.lane is Lane.HOT else "casework"
