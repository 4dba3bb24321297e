"""Every principal at Kafka and what it may do there; what is not said here is refused.

A right is Kafka's own: an operation on a topic or a group. Nobody has one on the cluster: topics come from the
manifests, and an idempotent producer needs none since Kafka 3.0 (KIP-679).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from shared.events import TOPICS, Event
from shared.events.base import Topic
from shared.handling import Service

Kind = Literal["topic", "group"]
Login = Literal["tls", "scram-sha-512"]
READS, WRITES, SEES = ("Describe", "Read"), ("Describe", "Write"), ("Describe",)

SUBSCRIBER = "agency-"
ID = re.compile(r"[a-z][a-z0-9-]{0,38}[a-z0-9]")
# A day of a national load (100,000 findings, ten changes each, 1 kB) is a gigabyte: read again in a quarter of an hour,
# while three brokers serve ten such subscribers and the services on one gigabit.
SUBSCRIBER_BYTES_PER_SECOND = 1024 * 1024
# Of one broker's request threads (100 is one of sixteen): a consumer that asks in a tight loop slows itself alone.
SUBSCRIBER_REQUEST_PERCENT = 25


class Grant(NamedTuple):
    kind: Kind
    name: str
    operations: tuple[str, ...]
    prefix: bool = False  # also of everything whose name begins so


@dataclass(frozen=True)
class Principal:
    name: str
    does: str
    grants: tuple[Grant, ...]
    login: Login = "tls"
    quotas: Mapping[str, int] = field(default_factory=dict)  # Strimzi's names


def principals(services: Collection[Service]) -> list[Principal]:
    """All but the subscribers, which each installation has its own of."""
    return [*map(of_service, services), scaler(services), operator(services)]


def of_service(service: Service) -> Principal:
    handled = _topics((*service.handles, *service.batches))
    read = {topic.name for topic in handled | _topics(service.listens)}
    written = {topic.name for topic in _topics(service.publishes)} | {topic.dead for topic in handled}
    grants = [Grant("topic", name, _operations(name in read, name in written)) for name in sorted(read | written)]
    grants += [Grant("group", name, ("Read",)) for name in groups(service)]
    return Principal(service.name, f"the service {service.name}", tuple(grants))


def groups(service: Service) -> list[str]:
    """As `shared.lanes` names them."""
    lanes = {"case": service.handles, "hot": service.batches}
    return [f"{service.name}.{lane}" for lane, handles in sorted(lanes.items()) if handles]


def scaler(services: Collection[Service]) -> Principal:
    handled = set().union(*(_topics((*service.handles, *service.batches)) for service in services))
    grants = [Grant("topic", name, SEES) for name in sorted(topic.name for topic in handled)]
    grants += [Grant("group", name, SEES) for service in services for name in groups(service)]
    return Principal("scaler", "reads how far each group is behind, to scale by it (KEDA)", tuple(grants))


def operator(services: Collection[Service]) -> Principal:
    """The person on duty: sees everything, and reads dead letters, puts them back, notes that there, or erases them.

    Never puts back where agencies read: each of them would hear it as news of ours.
    """
    handled = {topic.name for service in services for topic in _topics((*service.handles, *service.batches))}
    writes = handled - {topic.name for topic in TOPICS if topic.public or topic.peers}
    told = "DescribeConfigs"  # the doctor judges how long they are kept
    grants = [Grant("topic", topic.name, (*(WRITES if topic.name in writes else SEES), told)) for topic in TOPICS]
    grants += [Grant("topic", f"{name}.dead", ("Delete", *READS, "Write", told)) for name in handled]
    grants += [Grant("group", name, SEES) for service in services for name in groups(service)]
    does = "whoever is on duty: `haetae doctor`, and dead letters read, put back and erased"
    return Principal("operator", does, tuple(sorted(grants)))


def subscriber(id: str, peer: bool = False) -> Principal:
    """Another agency. It reads the public topics, in groups that begin with its own name. `peer`: statements are
    exchanged with it, so that it reads ours too.

    Raises `ValueError` for an id that is none.
    """
    if not ID.fullmatch(id):
        raise ValueError(f"subscriber: {id!r} is not possible; use 2 to 40 lower-case letters, digits and -")
    name = SUBSCRIBER + id
    grants = [Grant("topic", topic.name, READS) for topic in subscribed_topics(peer)]
    grants.append(Grant("group", f"{name}.", ("Read",), prefix=True))
    quotas = {"consumerByteRate": SUBSCRIBER_BYTES_PER_SECOND, "requestPercentage": SUBSCRIBER_REQUEST_PERCENT}
    return Principal(name, f"{'peer' if peer else 'subscriber'} {id}", tuple(grants), "scram-sha-512", quotas)


def public_topics() -> list[Topic]:
    return sorted((topic for topic in TOPICS if topic.public), key=lambda topic: topic.name)


def subscribed_topics(peer: bool) -> list[Topic]:
    """What a subscriber reads."""
    return sorted((topic for topic in TOPICS if topic.public or (peer and topic.peers)), key=lambda topic: topic.name)


def _operations(reads: bool, writes: bool) -> tuple[str, ...]:
    return ("Describe", *(("Read",) if reads else ()), *(("Write",) if writes else ()))


def _topics(events: Iterable[type[Event]]) -> set[Topic]:
    return {event.topic for event in events}
