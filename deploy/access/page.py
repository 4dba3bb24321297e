"""`docs/kafka-access.md`."""

from collections.abc import Collection, Sequence

from deploy.access.catalogue import Principal, principals, subscriber
from deploy.access.retention import Kept, kept
from shared.bus.kafka_topics import IN_SYNC, REPLICAS
from shared.bus.retention import DAY_MS, FOREVER
from shared.handling import Service

HEAD = """# Who may do what at Kafka

Written by `make docs` from the services' tables: what a service handles it may read, what it publishes it may write,
and nothing else. The same catalogue (`deploy/access`) gives Strimzi's topics and users in
`deploy/k8s/base/kafka/generated/`, and the rights of each subscriber (`haetae subscribers add ID`).

A process says who it is by `HAETAE_KAFKA_SECURITY` and what goes with it ([settings](settings.md)): a client
certificate whose common name is the principal's, or that name as user with a password (SCRAM). A renewed certificate
is used from the next connection on, without a restart; a new password with the next start. `HAETAE_TOPIC_PREFIX` goes
before every name below. The embedded broker knows neither users nor rights, so it listens on 127.0.0.1 alone: who lets
subscribers in needs Apache Kafka, or gives them events over HTTP.
"""
SUBSCRIBERS = """
## Subscribers

Another agency is `agency-ID`, with a password, at the listener for agencies. `ID` stands for its own name: its groups
begin with `agency-ID.`. It reads what is public, as fast as its quota, and is refused everything else. A peer (`haetae
subscribers add ID --peer`, [federation](federation.md)) reads our statements too. Quotas are rendered and never tried:
the embedded broker has none, so watch the first subscriber's rate on your own.

"""


def page(services: Collection[Service]) -> str:
    rows = [*principals(services), subscriber("id"), subscriber("id", peer=True)]
    return "\n".join(
        [
            HEAD,
            "| principal | reads | writes | sees | groups | who it is |",
            "|---|---|---|---|---|---|",
            *(_row(one) for one in rows[:-2]),
            "",
            "*Sees*: that it is there, how many partitions it has, how far it goes. Whoever reads or writes sees too.",
            SUBSCRIBERS + "| who | reads | groups | bytes a second, of a broker | share of a broker's request thread |",
            "|---|---|---|---|---|",
            _subscriber("subscriber", rows[-2]),
            _subscriber("peer", rows[-1]),
            "",
            "## Topics",
            "",
            f"Each is kept by {REPLICAS} brokers; a record counts once {IN_SYNC} have it.",
            "",
            "| topic | partitions | kept for | what it holds | public |",
            "|---|---|---|---|---|",
            *map(_topic, kept(services)),
            "",
        ]
    )


def _row(one: Principal) -> str:
    cells = [
        _names(_of(one, "topic", "Read")),
        _names(_of(one, "topic", "Write")),
        _names([name for name in _of(one, "topic", "Describe") if name not in _used(one)]),
        _names(_of(one, "group", "Read") or _of(one, "group", "Describe")),
    ]
    return f"| `{one.name}` | {' | '.join(cells)} | {one.does} |"


def _subscriber(who: str, one: Principal) -> str:
    quotas = f"{one.quotas['consumerByteRate']} | {one.quotas['requestPercentage']} %"
    return f"| {who} | {_names(_of(one, 'topic', 'Read'))} | `agency-ID.*` | {quotas} |"


def _topic(one: Kept) -> str:
    days = "ever" if one.retention_ms == FOREVER else f"{one.retention_ms // DAY_MS} days"
    return f"| `{one.name}` | {one.partitions} | {days} | {one.why} | {'yes' if one.public else ''} |"


def _used(one: Principal) -> set[str]:
    return {*_of(one, "topic", "Read"), *_of(one, "topic", "Write")}


def _of(one: Principal, kind: str, operation: str) -> list[str]:
    return [grant.name for grant in one.grants if grant.kind == kind and operation in grant.operations]


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "–"
