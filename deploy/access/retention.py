"""The topics of a broker, and how long each keeps what is in it."""

from collections.abc import Collection
from dataclasses import dataclass

from shared.events import TOPICS
from shared.events.base import Lane, Topic
from shared.handling import Service

DAY_MS = 24 * 60 * 60 * 1000
FOREVER = -1
# Text of pages and of chats lies here, nearly all of it of people who did nothing: a weekend's outage, and no more.
# What was lost then is on the web still and is found again.
HOT_DAYS = 3
# Longer than any outage that a lag alert tells of, and than a restored database is behind.
CASE_DAYS = 14
# A subscriber that was away for a month goes on where it was, and a new one begins with a month.
PUBLIC_DAYS = 30
# Whole records with the reason; whoever is on duty is told at once and has as long as an inquiry takes.
DEAD_DAYS = 30

REPLICAS, IN_SYNC = 3, 2  # written by two brokers before it counts: one may be lost, and one be in service


@dataclass(frozen=True)
class Kept:
    name: str
    partitions: int
    retention_ms: int
    public: bool
    why: str


def kept(services: Collection[Service]) -> list[Kept]:
    heard = {event.topic for service in services for event in service.listens}
    handled = {event.topic for service in services for event in (*service.handles, *service.batches)}
    made = [_live(topic, topic in heard) for topic in TOPICS]
    made += [Kept(topic.dead, 1, DEAD_DAYS * DAY_MS, False, "dead letters") for topic in handled]
    return sorted(made, key=lambda one: one.name)


def _live(topic: Topic, heard: bool) -> Kept:
    if heard or (topic.public and topic.partitions == 1):
        # Every process reads these from the first record on (so does whoever checks signed heads); a few a day.
        days, why = None, "from the first record on"
    elif topic.public:
        days, why = PUBLIC_DAYS, "for subscribers"
    elif topic.lane is Lane.HOT:
        days, why = HOT_DAYS, "what is seen on the web"
    else:
        days, why = CASE_DAYS, "casework"
    return Kept(topic.name, topic.partitions, FOREVER if days is None else days * DAY_MS, topic.public, why)
