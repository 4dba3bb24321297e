"""The promises of the whole loop, on real parts: found to removed, whatever is killed, whatever comes twice."""

import asyncio
import time
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from deploy.observability.expressions import unknown
from haetae.client import Case, Gateway
from haetae.demonstration import REVIEWER, Demonstration, Options
from haetae.live import counts
from haetae.summary import Mailbox, Summary, repeated
from services import SERVICES
from shared.events import TOPICS, Lane
from shared.events.topics import AUDIT_HEADS, CASE_EVENTS, HASH_LISTED
from tests.support.poll import eventually
from tests.support.told_to_others import told_to_others
from tests.support.watched import Watched, by_trace, lacking, leaked, receiving, words_of

SCALE = 0.1  # seven hosts: every kind of site, every language, every behaviour of an operator
MODEL = Path("var/models/text")
KILL_EVERY_S = 3.0  # sooner than a killed one is back: several are down at once
EXPORTED_S = 15.0  # spans go out every five seconds
SETTLE_S = 6.0  # longer than any service needs for a record that it ignores


def demonstration(home: Path, seed: int, endpoint: str = "") -> Watched:
    """`endpoint`: where the services send their traces."""
    quiet = lambda *_: None  # noqa: E731
    options = Options(home / "run", MODEL.absolute(), seed=seed, scale=SCALE, gateway_port=0)
    return Watched(options, quiet, quiet, endpoint=endpoint)


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


async def assert_seen_whole(run: Watched, came: list[Span]) -> None:
    """One trace from the fetch to the removal for every case that came so far; and nobody's words in what is told."""
    removed = [UUID(case.case_id) for case in await cases_of(run) if "removed" in case.times]
    assert len(removed) >= 5

    now = time.time_ns()  # what begins later goes on while we look

    def incomplete() -> dict[UUID, list[str]]:
        traces = by_trace(span for span in came if span.start_time_unix_nano < now)
        return {case: wrong for case in removed if (wrong := lacking(case, traces[case]))}

    try:
        await eventually(lambda: not incomplete(), EXPORTED_S)
    except AssertionError:
        assert incomplete() == {}
    markers, scrapes = await run.markers(), await run.scrapes()
    told = {f"log of {name}": text for name, text in run.logs().items()}
    told |= {f"figures of {name}": text for name, text in scrapes.items()} | {"traces": words_of(came)}
    assert leaked({"a number, which may": str(removed[0])}, told)  # it looks where things stand
    assert leaked(markers, told) == []
    assert unknown(scrapes.values()) == []


async def assert_others_learn_nothing_private(run: Watched) -> None:
    """What other agencies may read tells of the cases, but of no page, no person and no site."""
    cases = await cases_of(run)
    private = await run.markers() | {"the reviewer": REVIEWER}
    private |= {f"host of {case.case_id}": urlsplit(case.url).netloc for case in cases}
    told = await told_to_others(run.house.stack.env["HAETAE_KAFKA_BOOTSTRAP"])
    assert [case.case_id for case in cases if case.case_id not in told[CASE_EVENTS.name]] == []
    assert "signature" in told[AUDIT_HEADS.name]
    assert leaked({"a state": "removed"}, told)  # it looks where things stand
    assert leaked(private, told) == []


@pytest.mark.timeout(420)
async def test_the_loop_from_a_found_page_to_a_verified_removal_and_everything_once_more(tmp_path):
    async with receiving() as (endpoint, came), demonstration(tmp_path, seed=11, endpoint=endpoint) as run:
        await run.prepare()
        summary = await run.watch()
        assert summary.failures == []
        assert summary.expected >= 7
        bundle = await run.bundle()
        assert bundle is not None
        assert bundle.problem == ""
        await assert_seen_whole(run, came)
        await assert_others_learn_nothing_private(run)
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
