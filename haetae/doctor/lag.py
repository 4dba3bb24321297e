"""How far a service's groups are behind: what they have written down as done, against where their topics end."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.kafka import REQUEST_MS, topics_of
from haetae.doctor.patient import Patient

LAG = Subject("lag")
LANES = ("case", "hot")
MOST = 500  # as the alert HaetaeLagGrows, which sees whether it grows
FETCH_MS, TRIES = 100, 20  # an answer is at most so old


async def look(patient: Patient) -> Sequence[Diagnosis]:
    settings = patient.settings
    at = {"bootstrap_servers": settings.kafka_bootstrap, **settings.kafka_identity()}
    admin = AIOKafkaAdminClient(**at, request_timeout_ms=REQUEST_MS)
    consumer = AIOKafkaConsumer(
        **at, auto_offset_reset="earliest", enable_auto_commit=False, fetch_max_wait_ms=FETCH_MS
    )
    try:
        await admin.start()
        await consumer.start()
        groups = [await _of_group(admin, consumer, patient, f"{patient.service}.{lane}") for lane in LANES]
        return [one for found in groups for one in found] or [LAG.ok("groups", "none has read anything yet")]
    except (KafkaError, OSError):
        return [LAG.skipped("groups", "not read: the broker is away, or keeps them from this user")]
    finally:
        await consumer.stop()
        await admin.close()


async def _of_group(admin: Any, consumer: Any, patient: Patient, group: str) -> Sequence[Diagnosis]:  # noqa: ANN401  # aiokafka is untyped
    prefix = patient.settings.topic_prefix
    there = set(await admin.list_topics())
    names = [prefix + topic.name for topic in topics_of(patient) if prefix + topic.name in there]
    described = await admin.describe_topics(names) if names else []
    every = [TopicPartition(one["topic"], part["partition"]) for one in described for part in one["partitions"]]
    told = await admin.list_consumer_group_offsets(prefix + group, partitions=every) if every else {}
    done = {at: offset.offset for at, offset in told.items() if offset.offset >= 0}
    if not done:
        return []  # it has never read: a lane that the service has not
    ends = await ends_of(consumer, list(done))
    waiting: Counter[str] = Counter()
    for at, offset in done.items():
        waiting[at.topic.removeprefix(prefix)] += max(0, ends[at] - offset)
    return judge(group, waiting)


async def ends_of(consumer: Any, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:  # noqa: ANN401  # aiokafka is untyped
    """High watermarks of a fetch, which every broker tells rightly. The consumer, which reads from the beginning, may
    be asked again. Raises `TimeoutError`."""
    if set(partitions) != set(consumer.assignment()):
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
    for _ in range(TRIES):
        await consumer.getmany(*partitions, timeout_ms=2 * FETCH_MS)
        ends = {at: consumer.highwater(at) for at in partitions}
        if all(end is not None for end in ends.values()):
            return ends
    raise TimeoutError("the broker did not tell where its topics end")


def judge(group: str, waiting: Mapping[str, int]) -> Sequence[Diagnosis]:
    """`waiting`: records by topic. Pure."""
    service = group.partition(".")[0]
    found = [
        LAG.warning(
            f"group {group}",
            f"{count:,} records of {topic} wait, more than {MOST}",
            f"see that {service} runs and what its log says; if the number still grows, run one more {service}",
        )
        for topic, count in sorted(waiting.items())
        if count > MOST
    ]
    return found or [LAG.ok(f"group {group}", f"{sum(waiting.values()):,} records wait")]
