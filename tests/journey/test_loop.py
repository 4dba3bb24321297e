"""The promises of the whole loop, on real parts: found to removed, whatever is killed, whatever comes twice."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from haetae.client import Case, Gateway
from haetae.demonstration import REVIEWER, Demonstration, Options
from haetae.live import counts
from haetae.summary import Mailbox, Summary, repeated
from services import SERVICES
from shared.events import TOPICS, Lane
from shared.events.topics import HASH_LISTED

SCALE = 0.1  # seven hosts: every kind of site, every language, every behaviour of an operator
MODEL = Path("var/models/text")
KILL_EVERY_S = 3.0  # sooner than a killed one is back: several are down at once
SETTLE_S = 6.0  # longer than any service needs for a record that it ignores


def demonstration(home: Path, seed: int) -> Demonstration:
    quiet = lambda *_: None  # noqa: E731
    return Demonstration(Options(home / "run", MODEL.absolute(), seed=seed, scale=SCALE, gateway_port=0), quiet, quiet)


async def cases_of(run: Demonstration) -> list[Case]:
    async with await Gateway.login(run.house.gateway_url, REVIEWER, run.password) as gateway:
        return await gateway.cases()


async def wait_for_stage(run: Demonstration, stage: str) -> None:
    while not counts(run.picture.cases)[stage]:
        await asyncio.sleep(0.2)


def moments(cases: list[Case]) -> set[tuple[str, object]]:
    """Every stage that a case has reached, and when. The ladder goes on: more may come, nothing may change."""
    return {(case.url, stage) for case in cases for stage in case.times.items()}


def mails(boxes: list[Mailbox]) -> list[tuple[str, str]]:
    return [(box.address, message_id) for box in boxes for message_id in box.message_ids]


async def redeliver_everything(bootstrap: str) -> int:
    """Produce every record of the case lane once more, as a broker that lost all offsets would deliver it."""
    topics = [topic.name for topic in TOPICS if topic.lane is Lane.CASE and topic is not HASH_LISTED]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await consumer.start()
    await producer.start()
    try:
        partitions = [
            TopicPartition(topic, number)
            for topic in topics
            for number in consumer.partitions_for_topic(topic) or await partitions_of(consumer, topic)
        ]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        seen, quiet = [], 0
        while quiet < 3:
            batches = await consumer.getmany(*partitions, timeout_ms=500)
            quiet = 0 if batches else quiet + 1
            seen += [record for records in batches.values() for record in records]
        for record in seen:
            await producer.send_and_wait(record.topic, record.value, key=record.key, headers=list(record.headers))
        return len(seen)
    finally:
        await consumer.stop()
        await producer.stop()


async def partitions_of(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    while not (found := consumer.partitions_for_topic(topic)):
        await consumer._client.force_metadata_update()
        await asyncio.sleep(0.1)
    return found


@pytest.mark.timeout(420)
async def test_the_loop_from_a_found_page_to_a_verified_removal_and_everything_once_more(tmp_path):
    async with demonstration(tmp_path, seed=11) as run:
        await run.prepare()
        summary = await run.watch()
        assert summary.failures == []
        assert summary.expected >= 7
        bundle = await run.bundle()
        assert bundle is not None
        assert bundle.problem == ""
        cases, before = await cases_of(run), mails(await run.sandbox.mailboxes())
        assert await redeliver_everything(run.house.stack.env["HAETAE_KAFKA_BOOTSTRAP"]) > 5 * summary.expected
        await asyncio.sleep(SETTLE_S)
        after, boxes = await cases_of(run), await run.sandbox.mailboxes()
        assert {case.url for case in after} == {case.url for case in cases}
        assert moments(cases) <= moments(after)
        assert set(before) <= set(mails(boxes))
        assert len(set(mails(boxes))) == len(mails(boxes))
        assert not [case.url for case in after for box in boxes if repeated(box, case.url)]
        assert sum(box.repeats for box in boxes) == 0


@pytest.mark.chaos
@pytest.mark.timeout(420)
async def test_every_service_killed_in_the_middle_loses_nothing_and_sends_nothing_twice(tmp_path):
    async with demonstration(tmp_path, seed=12) as run:
        await run.prepare()
        watching: asyncio.Task[Summary] = asyncio.create_task(run.watch())
        await wait_for_stage(run, "flagged")
        for service in SERVICES:
            await run.house.stack.supervisor.kill(service)
            await asyncio.sleep(KILL_EVERY_S)
        summary = await watching
        assert summary.failures == []
        assert summary.expected >= 7
