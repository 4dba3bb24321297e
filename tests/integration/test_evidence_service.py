"""Flagged in, sealed out: the evidence service on a real database, a real S3 store and a real Chromium."""

from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
import sqlalchemy as sa
from starlette.responses import Response

from deploy.local.buckets import S3Address
from services.evidence.app import app
from services.evidence.custody.checking import check_vault
from services.evidence.domain import PageFailed
from services.evidence.handlers import Failed, preserve, seal
from services.evidence.seal.manifest import FULL
from services.evidence.seal.sealer import Sealer
from services.evidence.store import Evidence
from shared.bus.memory import MemoryBroker
from shared.clock import ManualClock
from shared.database import Database
from shared.events import Envelope, EvidenceFailed, EvidenceSealed
from shared.events.envelope import decode
from shared.failures import Transient
from shared.objects.folder import FolderStore
from shared.objects.vault import KeyDestroyed, Vault, open_vault
from shared.outbox import OUTBOX
from tests.support.captures import captured, evidence_settings, flagged
from tests.support.pages import picture, site
from tests.support.poll import eventually
from tests.support.service import record, running

TEXT = "The lantern parcel waits at gate seven."
CLOCK = ManualClock()
SEALER = Sealer(evidence_settings(), CLOCK)


@pytest.fixture
async def web(tmp_path):
    async with site(tmp_path) as made:
        made.pages["/media/1.jpg"] = Response(picture(), media_type="image/jpeg")
        yield made


@pytest.fixture
async def database(migrated):
    made = Database(migrated.dsn_for("evidence"), "/haetae/evidence")
    yield made
    await made.close()


@pytest.fixture
def settings(web, s3_settings):
    return evidence_settings(web.hosts, s3_settings.env())


@pytest.fixture
def local_vault(tmp_path):
    return Vault(FolderStore(tmp_path / "evidence"), FolderStore(tmp_path / "keys"), bytes(32))


@asynccontextmanager
async def at_work(settings, database):
    broker = MemoryBroker()
    async with running(app(settings), broker, database):
        yield broker


async def nth(broker, number):
    """The event that came to the broker as its `number`th."""
    found = []

    async def arrived():
        found[:] = [decode(one.value, dict(one.headers)).event for log in broker.logs("evidence.sealed") for one in log]
        return len(found) >= number

    await eventually(arrived)
    return found[number - 1]


async def published(database):
    async with database.transaction() as tx:
        rows = (await tx.execute(sa.select(OUTBOX.c.topic).order_by(OUTBOX.c.position))).scalars().all()
    return rows


async def row_of(database, case):
    async with database.transaction() as tx:
        return await tx.get(Evidence, case)


async def test_a_flagged_page_is_sealed_and_can_be_checked_offline(web, settings, database):
    url = web.page("/post/1", f"<p>{TEXT}</p><img src=/media/1.jpg>")
    event = flagged(url, (web.url("/media/1.jpg"), picture()))
    async with at_work(settings, database) as broker:
        await broker.produce([record(event)])
        sealed = await nth(broker, 1)
    assert isinstance(sealed, EvidenceSealed)
    assert [item.name for item in sealed.objects if not item.name.startswith("step-")] == [
        "page.html",
        "text.txt",
        "second.warc.gz",
        "screenshot.jpg",
        "screenshot-blurred.jpg",
        "screenshot-visible.jpg",
        "screenshot-redacted.jpg",
        "layout.svg",
        "picture-1.jpg",
        "picture-1-blurred.jpg",
        "page.wacz",
        "manifest.json",
    ]
    assert sealed.objects[-1].sha256 == sealed.manifest_sha256
    assert (sealed.surroundings.address, sealed.surroundings.failures) == ("127.0.0.1", ("domain:off", "network:off"))
    assert (await row_of(database, event.case_id)).manifest_sha256 == sealed.manifest_sha256
    async with open_vault(settings) as vault:
        assert await check_vault(vault, event.case_id, sealed.manifest_sha256) == []
        kept = {item.name: await vault.get(event.case_id, item.sha256) for item in sealed.objects}
        await vault.destroy(event.case_id)
        for item in sealed.objects:
            with pytest.raises(KeyDestroyed):
                await vault.get(event.case_id, item.sha256)
    assert TEXT.encode() in kept["text.txt"]
    assert kept["picture-1.jpg"] == picture()


async def test_a_page_that_vanished_is_an_alarm_with_the_reason(web, settings, database):
    event = flagged(web.page("/gone", "removed", status=410))
    async with at_work(settings, database) as broker:
        await broker.produce([record(event)])
        failed = await nth(broker, 1)
    assert isinstance(failed, EvidenceFailed)
    assert "410" in failed.reason
    assert (await row_of(database, event.case_id)).failed_reason == failed.reason


async def record_outcome(database, event, outcome, id):
    async with database.transaction(Envelope(event, id, "/test", CLOCK.now())) as tx:
        if await tx.first_time():
            await seal(event, outcome, tx, sealer=SEALER)


async def test_captured_twice_is_recorded_once(database, local_vault):
    event, id = flagged("http://harbour-board.en.test/post/41"), uuid4()

    async def capture(_):
        return captured()

    for _ in range(2):  # the process died after the first capture, and after its commit
        outcome = await preserve(event, mode=FULL, capture=capture, vault=local_vault, sealer=SEALER)
        await record_outcome(database, event, outcome, id)
    assert (await published(database)).count("evidence.sealed") == 1
    assert await check_vault(local_vault, event.case_id, outcome.seal.manifest_sha256) == []


async def test_a_later_failure_leaves_the_seal(database, local_vault):
    event = flagged("http://harbour-board.en.test/post/42")

    async def capture(_):
        return captured()

    outcome = await preserve(event, mode=FULL, capture=capture, vault=local_vault, sealer=SEALER)
    await record_outcome(database, event, outcome, uuid4())
    await record_outcome(database, event, Failed("answers 410"), uuid4())
    row = await row_of(database, event.case_id)
    assert row.manifest_sha256 == outcome.seal.manifest_sha256
    assert row.failed_reason == "answers 410"


async def test_any_reason_can_be_stored(database, local_vault):
    event = flagged("http://harbour-board.en.test/post/43")

    async def capture(_):
        raise PageFailed("the title was \ud800\0 broken")

    outcome = await preserve(event, mode=FULL, capture=capture, vault=local_vault, sealer=SEALER)
    await record_outcome(database, event, outcome, uuid4())
    assert (await row_of(database, event.case_id)).failed_reason == "the title was ? broken"


async def test_a_store_that_is_away_is_no_failure_of_the_page(unused_tcp_port):
    """The case waits for the store; it must not be told to a person as if the page could not be had."""
    event = flagged("http://harbour-board.en.test/post/44")

    async def capture(_):
        return captured()

    away = S3Address(f"127.0.0.1:{unused_tcp_port}", "somebody", "secret")
    async with open_vault(evidence_settings(env=away.env())) as vault:
        with pytest.raises(Transient, match="does not answer"):
            await preserve(event, mode=FULL, capture=capture, vault=vault, sealer=SEALER)
