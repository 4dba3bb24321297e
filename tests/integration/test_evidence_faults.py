"""Whatever dies while a finding is captured and sealed: it is not lost, not sealed twice, and never sealed half.

Faults are real: processes are killed, connections are reset or stand still. Each strikes once, when the service comes
to a given point of its work on a given finding (`tests.support.strikes.POINTS`). The ordinary suite takes a few
of them; all: `make chaos-tests`.
"""

import asyncio
import signal
from functools import partial

import pytest
import structlog
from starlette.responses import Response

from services.evidence.seal import owed
from services.gateway import listing
from services.gateway.domain import Alarm
from services.gateway.routes.queue import VIEWS
from shared.bus.kafka import KafkaBroker
from shared.events import ContentFlagged, EvidenceFailed, EvidenceSealed
from shared.stamps import stamping
from subscribers.conformance.kafka import committed
from tests.support.dying import dying
from tests.support.evidence_mortal import death
from tests.support.faulted import TOPIC, at_work, faulted
from tests.support.gateway import make_desk
from tests.support.pages import picture, site
from tests.support.poll import eventually
from tests.support.service import record
from tests.support.severed import Link
from tests.support.stamps import NAMES
from tests.support.strikes import POINTS, Strikes
from tests.support.whole import assert_nothing_half, assert_sealed, assert_whole, bundled, debts

log = structlog.get_logger()

CAPTURED = POINTS[POINTS.index("puts") :]  # from here on there is all that was to be captured


@pytest.fixture
async def house(tmp_path, migrated, s3_settings, monkeypatch):
    monkeypatch.setattr(owed, "EVERY_S", 0.3)
    monkeypatch.setattr(stamping, "FIRST_REST_S", 0.5)
    strikes = Strikes()
    strikes.install(monkeypatch.setattr)
    async with site(tmp_path) as web:
        web.pages["/media/1.jpg"] = Response(picture(), media_type="image/jpeg")
        async with faulted(tmp_path, web, migrated, s3_settings, strikes) as made:
            yield made


def fault(house, name, event, *, gone):
    """What strikes: `await strike()`. `gone`: the page is taken down at the same moment."""
    case = str(event.case_id).encode()
    match name.split(":"):
        case ["browser"]:
            action = house.kill_browser
        case ["driver"]:
            action = house.kill_driver
        case [server, "cut"]:
            action = partial(house.outage, server, Link.cut)
        case [server, "halt"]:
            action = partial(house.outage, server, Link.halt)
        case [server, "answer"]:
            # What was asked for is done, and its answer is lost.
            action = partial(house.outage, server, partial(Link.cut_after, words=b"COMMIT", of=case))

    async def strike():
        house.mended_at = asyncio.get_running_loop().time()
        action()
        if gone:
            house.take_down(event)

    return strike


async def through(house, name, points):
    """One finding after another, each struck at its point; what is seen at the end of each."""
    found = {}
    for point in points:
        event = house.finding(f"{name.replace(':', '-')}-{point}")
        house.strikes.planned[event.case_id, point].append(fault(house, name, event, gone=point in CAPTURED))
        await house.broker.produce([record(event)])
        found[point] = await house.settled(event)
        await eventually(house.all_is_over)
        log.info("settled", fault=name, point=point, after_it_was_over_s=house.settled_at - house.mended_at)
        assert (event.case_id, point) in house.strikes.struck
        if name.startswith("authorities"):
            await paid(house)  # or they still rest at the next point, and nobody would be asked
    return found


async def paid(house):
    async def nothing_is_owed():
        return await debts(house) == 0

    await eventually(nothing_is_owed, 40)


SELECTION = (
    ("browser", "render"),
    ("store:cut", "put"),
    ("database:answer", "commit"),
    ("authorities:cut", "stamps"),
)


@pytest.mark.chaos
async def test_a_server_or_the_browser_dies_in_the_middle_and_the_finding_is_sealed_once(house, tmp_path):
    outcomes = []
    async with at_work(house):
        for name, point in SELECTION:
            outcomes += (await through(house, name, [point])).values()
        await paid(house)
    for sealed in outcomes:
        assert isinstance(sealed, EvidenceSealed)
        await assert_sealed(house, sealed)
    await assert_nothing_half(house)
    proof = await bundled(house, outcomes[-1].case_id, tmp_path)
    assert sorted(stamp.authority for stamp in proof.stamps) == sorted(NAMES)


async def test_a_page_that_takes_the_browser_with_it_each_time_is_an_alarm_in_the_queue(house, migrated, tmp_path):
    async def deadly(_):
        house.kill_browser()
        return Response(picture(), media_type="image/jpeg")

    house.site.pages["/deadly.jpg"] = deadly
    event = house.finding("deadly", "<img src=/deadly.jpg>")
    async with at_work(house):
        await house.broker.produce([record(event)])
        await house.settled(event)
    failed = await assert_whole(house, event)
    assert isinstance(failed, EvidenceFailed)
    assert failed.reason == f"{event.finding.url}: the browser broke down"
    desk = make_desk(migrated.dsn_for("gateway"), tmp_path)
    await desk.tell(event, failed)
    async with desk.database.transaction() as tx:
        [row] = (await listing.page(tx, VIEWS["unproven"])).rows
    await desk.database.close()
    assert (row["case_id"], row["alarm"], row["failure"]) == (event.case_id, Alarm.EVIDENCE_FAILED, failed.reason)


FAULTS = (
    "browser",
    "driver",
    *(f"{server}:{how}" for server in ("store", "database", "authorities") for how in ("cut", "halt")),
    "database:answer",
)


@pytest.mark.chaos
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", FAULTS)
async def test_each_fault_at_each_point(house, tmp_path, name):
    async with at_work(house):
        found = await through(house, name, POINTS)
        await paid(house)
    for sealed in found.values():
        assert isinstance(sealed, EvidenceSealed)
        await assert_sealed(house, sealed)
    await assert_nothing_half(house)
    for point in ("render", "put", "commit"):
        proof = await bundled(house, found[point].case_id, tmp_path)
        assert sorted(stamp.authority for stamp in proof.stamps) == sorted(NAMES)


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_the_process_killed_at_each_point(house, tmp_path, kafka_bootstrap, topic_prefix):
    """All findings at once: who dies on one takes the others in the middle of theirs."""
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    events = {point: house.finding(f"death-{point}") for point in POINTS}
    for point, event in events.items():
        death(deaths, event.case_id, point).touch()
    group = f"{topic_prefix}evidence.case"
    env = {
        "HAETAE_KAFKA_BOOTSTRAP": kafka_bootstrap,
        "HAETAE_KAFKA_IDEMPOTENCE": "0",
        "HAETAE_TOPIC_PREFIX": topic_prefix,
    }
    broker = KafkaBroker(kafka_bootstrap, topic_prefix, idempotence=False)
    await broker.ensure_topics({TOPIC: ContentFlagged.topic.partitions})
    await broker.produce([record(event) for event in events.values()])
    await broker.close()
    async with dying(house, deaths, env) as ends:
        for event in events.values():
            assert isinstance(await house.settled(event, 700), EvidenceSealed)

        async def all_is_done() -> bool:
            through = await committed(kafka_bootstrap, group, topic_prefix + TOPIC, ContentFlagged.topic.partitions)
            return len(ends) == len(events) == through

        await eventually(all_is_done, 60)  # what was told but not committed has come again
        await paid(house)
    assert set(ends) == {-signal.SIGKILL}
    for event in events.values():
        await assert_whole(house, event)
    assert (await bundled(house, events["commit"].case_id, tmp_path)).stamps
