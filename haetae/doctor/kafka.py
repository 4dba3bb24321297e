"""The broker as a service comes to it: reached, who we are is believed, topics as the catalogue has them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import Patient
from shared.bus.kafka_refusals import reason, refusal
from shared.bus.kafka_topics import REPLICAS
from shared.events import TOPICS, Topic
from shared.outbox import MAX_VALUE

KAFKA = Subject("kafka")
USERS = Path(__file__).resolve().parents[2] / "deploy/k8s/base/kafka/generated/users.yaml"  # who may what
AROUND = 20_000  # bytes of headers and batch around a value
DAY_MS = 86_400_000
SHORTEST_DAYS = 3  # a service that is away over a weekend finds what it missed
NEEDED_INSYNC = 2  # with acks=all: one broker may be lost without a loss of what was acknowledged
REQUEST_MS = 5_000


@dataclass(frozen=True)
class Told:
    """`configs`: of the topic, as far as the broker tells them. `copies`: of its least copied partition."""

    partitions: int
    copies: int
    configs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cluster:
    brokers: int
    topics: Mapping[str, Told]
    embedded: bool


async def look(patient: Patient) -> Sequence[Diagnosis]:
    settings = patient.settings
    at = {"bootstrap_servers": settings.kafka_bootstrap, **settings.kafka_identity()}
    if said := await refusal(at):
        return [refused(said)]
    admin = AIOKafkaAdminClient(**at, request_timeout_ms=REQUEST_MS)
    try:
        await admin.start()
        seen = await _seen(admin, settings.topic_prefix, topics_of(patient))
    except (KafkaError, OSError) as error:
        return [refused(reason(error, settings.kafka_bootstrap, at))]
    finally:
        await admin.close()
    return judge(seen, settings.kafka_idempotence, settings.kafka_create_topics, topics_of(patient))


def topics_of(patient: Patient) -> Sequence[Topic]:
    """Those that it should see: where Kafka asks who we are, a service sees its own alone."""
    if patient.settings.kafka_security == "plaintext" or not USERS.is_file():
        return TOPICS
    users = {user["metadata"]["name"]: user for user in yaml.safe_load_all(USERS.read_text()) if user}
    acls = users[patient.service]["spec"]["authorization"]["acls"]
    own = {acl["resource"]["name"] for acl in acls if acl["resource"]["type"] == "topic"}
    return [topic for topic in TOPICS if topic.name in own]


def refused(sentence: str) -> Diagnosis:
    """`sentence`: what happened, a colon, the cure. Pure."""
    said, _, cure = sentence.rpartition(": ")
    return KAFKA.failed("reached", said, cure)


async def _seen(admin: AIOKafkaAdminClient, prefix: str, wanted_here: Sequence[Topic]) -> Cluster:
    cluster = await admin.describe_cluster()
    there = set(await admin.list_topics())
    wanted = {prefix + topic.name: topic.name for topic in wanted_here}
    names = sorted(there & set(wanted))
    described = await admin.describe_topics(names) if names else []
    configs = await _configs(admin, names)
    topics = {wanted[one["topic"]]: _told(one, configs.get(one["topic"], {})) for one in described}
    return Cluster(len(cluster["brokers"]), topics, embedded="tansu" in str(cluster.get("cluster_id", "")))


def _told(topic: Mapping[str, Any], configs: Mapping[str, str]) -> Told:
    copies = [len(one["replicas"]) for one in topic["partitions"]]
    return Told(len(copies), min(copies, default=0), configs)


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Nothing from a broker that does not tell, or does not tell us."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    try:
        answers = await admin.describe_configs(resources) if resources else []
    except KafkaError:
        return {}
    return {
        name: {entry[0]: entry[1] for entry in entries if entry[1] is not None}
        for answer in answers
        for code, _, _, name, entries in answer.resources
        if code == 0
    }


def judge(cluster: Cluster, idempotence: bool, creates: bool, wanted: Sequence[Topic] = TOPICS) -> Sequence[Diagnosis]:
    found = [*_of_cluster(cluster, idempotence), *_missing(cluster, creates, wanted)]
    for topic in wanted:
        if topic.name in cluster.topics:
            found += _of_topic(topic.name, topic.partitions, cluster)
    said = f"{cluster.brokers} broker{'s' if cluster.brokers > 1 else ''}, {len(cluster.topics)} topics"
    return found or [KAFKA.ok("topics", said)]


def _of_cluster(cluster: Cluster, idempotence: bool) -> Iterator[Diagnosis]:
    if idempotence and cluster.embedded:
        said = "the embedded broker has no idempotent producer: nothing can be written"
        yield KAFKA.failed("idempotence", said, "set HAETAE_KAFKA_IDEMPOTENCE=0")
    if not idempotence and not cluster.embedded:
        said = "off: events of a key can change their order when a broker fails"
        yield KAFKA.failed("idempotence", said, "unset HAETAE_KAFKA_IDEMPOTENCE")
    if not cluster.embedded and cluster.brokers < REPLICAS:
        said = f"{cluster.brokers} brokers: the loss of one stops the work or loses events"
        yield KAFKA.warning("brokers", said, f"run {REPLICAS}")


def _missing(cluster: Cluster, creates: bool, wanted: Sequence[Topic]) -> Iterator[Diagnosis]:
    missing = [topic.name for topic in wanted if topic.name not in cluster.topics]
    if missing and creates:
        said = f"{len(missing)} of {len(wanted)} do not exist yet, or are not shown to this user ({missing[0]} …)"
        yield KAFKA.warning("topics", said, "start the services, which create them; or create them yourself")
    elif missing:
        said = f"do not exist or are not shown, and services may not create them: {', '.join(missing)}"
        yield KAFKA.failed("topics", said, "create them as the catalogue says, or set HAETAE_KAFKA_CREATE_TOPICS=1")


def _of_topic(name: str, partitions: int, cluster: Cluster) -> Iterator[Diagnosis]:
    told, what = cluster.topics[name], f"topic {name}"
    if told.partitions < partitions:
        said = f"has {told.partitions} partitions; {partitions} are wanted: only so many processes share its work"
        yield KAFKA.warning(what, said, f"kafka-topics.sh --alter --topic {name} --partitions {partitions}")
    if told.copies < min(cluster.brokers, REPLICAS):
        said = f"has {told.copies} copies on {cluster.brokers} brokers: the loss of one loses events"
        yield KAFKA.failed(what, said, f"kafka-reassign-partitions.sh, to {min(cluster.brokers, REPLICAS)} copies")
    yield from _of_configs(what, name, told)


def _of_configs(what: str, name: str, told: Told) -> Iterator[Diagnosis]:
    def alter(config: str) -> str:
        return f"kafka-configs.sh --alter --topic {name} --add-config {config}"

    configs = told.configs
    if "compact" in configs.get("cleanup.policy", ""):
        said = "is compacted: of each case the newest event alone would stay"
        yield KAFKA.failed(what, said, alter("cleanup.policy=delete"))
    if int(configs.get("max.message.bytes", MAX_VALUE + AROUND)) < MAX_VALUE + AROUND:
        said = f"takes records of {configs['max.message.bytes']} bytes; events may have {MAX_VALUE:,}"
        yield KAFKA.failed(what, said, alter("max.message.bytes=1048588"))
    if 0 <= int(configs.get("retention.ms", -1)) < SHORTEST_DAYS * DAY_MS:
        said = f"keeps records for {int(configs['retention.ms']) / DAY_MS:.1f} days: a service that is away loses work"
        yield KAFKA.failed(what, said, alter(f"retention.ms={7 * DAY_MS}"))
    if told.copies >= REPLICAS and int(configs.get("min.insync.replicas", NEEDED_INSYNC)) < NEEDED_INSYNC:
        said = "is acknowledged by a single broker, whose loss loses it"
        yield KAFKA.failed(what, said, alter(f"min.insync.replicas={NEEDED_INSYNC}"))
