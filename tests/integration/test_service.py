"""A service in one process: PostgreSQL is real, the broker the twin that the contract suite holds to Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.bus.decision import BUG_RETRIES
from shared.bus.memory import MemoryBroker
from shared.bus.port import Received
from shared.bus.runner import POLL_SECONDS
from shared.database import Database, Transaction
from shared.events import CaseChanged, ContentChecked, CrawlDue, Envelope, HashListed, NoticeBounced, NoticeSent
from shared.events.examples import EXAMPLES
from shared.failures import Transient
from shared.handling import Context, Prepared, Service
from shared.identity import identity
from shared.supervision import PartEnded
from shared.telemetry import Tracing
from tests.support.poll import eventually
from tests.support.service import case_changed, case_number, crawl_due, record, running
from tests.support.stack import Migrated


@pytest.fixture
async def database(migrated: Migrated) -> AsyncIterator[Database]:
    database = Database(migrated.dsn_for("gateway"), "/haetae/gateway")
    yield database
    await database.close()


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


def dead(broker: MemoryBroker, topic: str) -> list[Received]:
    return [letter for log in broker.logs(f"{topic}.dead") for letter in log]


def all_of(broker: MemoryBroker, topic: str) -> list[Received]:
    return [one for log in broker.logs(topic) for one in log]


def committed(broker: MemoryBroker) -> int:
    """How many records the gateway need not see again."""
    group = broker.groups.get("gateway.case")
    return sum(group.offsets.values()) if group else 0


async def count(database: Database, table: str) -> int:
    async with database.transaction() as tx:
        return int((await tx.execute(sa.text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_an_event_that_comes_twice_is_handled_once(database: Database, broker: MemoryBroker) -> None:
    seen: list[str] = []

    async def note(event: CaseChanged, tx: Transaction) -> None:
        seen.append(event.state)

    await broker.produce([record(case_changed(1, 1)), record(case_changed(1, 1)), record(case_changed(1, 2))])
    async with running(Service("gateway", handles={CaseChanged: note}), broker, database):
        await eventually(lambda: committed(broker) == 3)
    assert seen == ["1", "2"]


async def test_of_a_handler_that_fails_nothing_happened(database: Database, broker: MemoryBroker) -> None:
    async def write_and_fail(event: CaseChanged, tx: Transaction) -> None:
        await tx.execute(sa.text("DELETE FROM inbox"))
        tx.publish(case_changed(2, 1))
        if event.state == "1":
            raise RuntimeError("our bug")

    service = Service("gateway", handles={CaseChanged: write_and_fail}, publishes=frozenset({CaseChanged}))
    await broker.produce([record(case_changed(1, 1))])
    async with running(service, broker, database):
        await eventually(lambda: dead(broker, CaseChanged.topic.name))
    assert await count(database, "inbox") == await count(database, "outbox") == 0
    assert b"our bug" in dead(broker, CaseChanged.topic.name)[0].headers["dead_error"]


async def test_what_a_service_does_not_declare_it_cannot_publish(database: Database, broker: MemoryBroker) -> None:
    async def publish(event: CaseChanged, tx: Transaction) -> None:
        tx.publish(crawl_due(1, 1))

    await broker.produce([record(case_changed(1, 1))])
    async with running(Service("gateway", handles={CaseChanged: publish}), broker, database):
        await eventually(lambda: dead(broker, CaseChanged.topic.name))
    assert (
        b"CrawlDue is not in the service's `publishes`" in dead(broker, CaseChanged.topic.name)[0].headers["dead_error"]
    )


async def test_connections_lost_in_the_middle_are_no_loss_however_often(
    migrated: Migrated, database: Database, broker: MemoryBroker
) -> None:
    attempts: list[str] = []

    async def cut_off_often(event: CaseChanged, tx: Transaction) -> None:
        attempts.append(event.state)
        if len(attempts) <= BUG_RETRIES + 1:
            await tx.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
        tx.publish(EXAMPLES[ContentChecked])

    service = Service("gateway", handles={CaseChanged: cut_off_often}, publishes=frozenset({ContentChecked}))
    await broker.produce([record(case_changed(1, 1))])
    async with running(service, broker, database):
        await eventually(lambda: all_of(broker, ContentChecked.topic.name))
    assert len(attempts) == BUG_RETRIES + 2
    assert len(all_of(broker, ContentChecked.topic.name)) == 1
    assert dead(broker, CaseChanged.topic.name) == []


async def test_slow_work_is_prepared_outside_the_transaction_and_once_recorded_never_again(
    database: Database, broker: MemoryBroker
) -> None:
    prepared: list[str] = []
    recorded: list[str] = []

    async def prepare(event: CaseChanged) -> str:
        async with database.transaction() as tx:
            idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in tr%' AND usename = current_user"
            assert (await tx.execute(sa.text(idle))).scalar_one() == 0
        prepared.append(event.state)
        return f"picture of {event.state}"

    async def seal(event: CaseChanged, picture: str, tx: Transaction) -> None:
        recorded.append(picture)

    await broker.produce([record(case_changed(1, 1)), record(case_changed(1, 1))])
    async with running(Service("gateway", handles={CaseChanged: Prepared(prepare, seal)}), broker, database):
        await eventually(lambda: committed(broker) == 2)
    assert (prepared, recorded) == (["1"], ["picture of 1"])
    assert dead(broker, CaseChanged.topic.name) == []


async def test_what_was_prepared_is_kept_until_it_is_recorded(database: Database, broker: MemoryBroker) -> None:
    """A page may be gone by the time the database is back."""
    prepared: list[str] = []
    recorded: list[int] = []

    async def prepare(event: CaseChanged) -> int:
        prepared.append(event.state)
        return len(prepared)

    async def seal(event: CaseChanged, picture: int, tx: Transaction) -> None:
        recorded.append(picture)
        if len(recorded) < 3:
            raise Transient("the database is restarting")

    await broker.produce([record(case_changed(1, 1)), record(case_changed(1, 2))])
    async with running(Service("gateway", handles={CaseChanged: Prepared(prepare, seal)}), broker, database):
        await eventually(lambda: committed(broker) == 2)
    assert (prepared, recorded) == (["1", "2"], [1, 1, 1, 2])


async def test_a_handler_that_waits_holds_up_no_other_topic(database: Database, broker: MemoryBroker) -> None:
    begun, free, seen = asyncio.Event(), asyncio.Event(), []

    async def wait(event: ContentChecked, tx: Transaction) -> None:
        begun.set()
        await free.wait()

    async def note(event: CaseChanged, tx: Transaction) -> None:
        seen.append(event.state)

    await broker.produce([record(EXAMPLES[ContentChecked])])
    async with running(Service("gateway", handles={ContentChecked: wait, CaseChanged: note}), broker, database):
        await begun.wait()
        for step in range(5):
            await broker.produce([record(case_changed(1, step))])
        await eventually(lambda: len(seen) == 5)
        free.set()


async def test_other_types_of_a_topic_are_passed_over(database: Database, broker: MemoryBroker) -> None:
    seen: list[object] = []

    async def note(event: NoticeSent, tx: Transaction) -> None:
        seen.append(event)

    await broker.produce([record(EXAMPLES[NoticeBounced]), record(EXAMPLES[NoticeSent])])
    async with running(Service("gateway", handles={NoticeSent: note}), broker, database):
        await eventually(lambda: seen)
    assert seen == [EXAMPLES[NoticeSent]]
    assert dead(broker, NoticeSent.topic.name) == []


async def test_stopping_finishes_what_is_in_hand_and_commits_it(database: Database, broker: MemoryBroker) -> None:
    begun, free, done = asyncio.Event(), asyncio.Event(), []

    async def work(event: CaseChanged, tx: Transaction) -> None:
        begun.set()
        await free.wait()
        done.append(event.state)

    await broker.produce([record(case_changed(1, 1)), record(case_changed(1, 2))])
    async with running(Service("gateway", handles={CaseChanged: work}), broker, database):
        await begun.wait()
        asyncio.get_running_loop().call_later(2 * POLL_SECONDS, free.set)  # it stops taking within one poll
    assert done == ["1"]
    assert committed(broker) == 1


async def test_nothing_is_handled_before_the_listeners_have_caught_up(database: Database, broker: MemoryBroker) -> None:
    heard: list[str] = []
    known_when_handled: list[int] = []

    async def hear(event: HashListed) -> None:
        await asyncio.sleep(0.01)
        heard.append(event.bank)

    async def handle(event: CaseChanged, tx: Transaction) -> None:
        known_when_handled.append(len(heard))

    listed = EXAMPLES[HashListed]
    assert isinstance(listed, HashListed)
    await broker.produce([record(case_changed(1, 1))])
    await broker.produce([record(listed.model_copy(update={"bank": f"bank-{n}"})) for n in range(20)])
    async with running(Service("gateway", handles={CaseChanged: handle}, listens={HashListed: hear}), broker, database):
        await eventually(lambda: known_when_handled)
        await broker.produce([record(listed)])
        await eventually(lambda: len(heard) == 21)
    assert known_when_handled == [20]


async def test_a_background_task_publishes_on_both_lanes(database: Database, broker: MemoryBroker) -> None:
    async def schedule(context: Context) -> None:
        async with context.database.transaction() as tx:
            tx.publish(case_changed(1, 1), id=identity("test", 1))
        await context.produce([Envelope(crawl_due(1, 1), identity("test", 2), "/test", context.clock.now())])
        while not context.stopping():
            await context.clock.sleep(0.01)

    service = Service("gateway", tasks={"schedule": schedule}, publishes=frozenset({CaseChanged, CrawlDue}))
    async with running(service, broker, database):
        await eventually(lambda: all_of(broker, CrawlDue.topic.name) and all_of(broker, CaseChanged.topic.name))


@pytest.mark.parametrize("failure", [None, Transient("away"), RuntimeError("our bug")], ids=str)
async def test_a_background_task_that_ends_is_the_end_of_the_service(
    database: Database, broker: MemoryBroker, failure: Exception | None
) -> None:
    async def end(context: Context) -> None:
        if failure:
            raise failure

    with pytest.raises(type(failure) if failure else PartEnded):
        await until_it_ends(Service("gateway", tasks={"short": end}), broker, database)


async def until_it_ends(service: Service, broker: MemoryBroker, database: Database) -> None:
    async with running(service, broker, database) as working, asyncio.timeout(20):
        await asyncio.wait({working})


async def test_one_trace_runs_through_two_services(
    migrated: Migrated, database: Database, broker: MemoryBroker
) -> None:
    spans = InMemorySpanExporter()
    drafter = Database(migrated.dsn_for("drafter"), "/haetae/drafter")
    seen: list[str] = []

    async def pass_on(event: CaseChanged, tx: Transaction) -> None:
        tx.publish(EXAMPLES[ContentChecked].model_copy(update={"case_id": event.case_id}))

    async def note(event: ContentChecked, tx: Transaction) -> None:
        seen.append("noted")

    first = Service("gateway", handles={CaseChanged: pass_on}, publishes=frozenset({ContentChecked}))
    second = Service("drafter", handles={ContentChecked: note})
    tracing = [Tracing(service.name, processor=SimpleSpanProcessor(spans)) for service in (first, second)]
    await broker.produce([record(case_changed(1, 1))])
    async with (
        running(first, broker, database, tracing=tracing[0]),
        running(second, broker, drafter, tracing=tracing[1]),
    ):
        await eventually(lambda: seen)
    await drafter.close()
    handled, noted = sorted(spans.get_finished_spans(), key=lambda span: span.start_time or 0)
    assert [handled.name, noted.name] == ["process case.events", "process content.checked"]
    assert noted.context.trace_id == handled.context.trace_id == case_number(1).int
    assert noted.parent is not None
    assert noted.parent.span_id == handled.context.span_id
