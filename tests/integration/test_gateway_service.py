"""The service as it runs: events from the broker become cases, a verdict on the API becomes an event on the broker."""

from __future__ import annotations

import base64
import socket
from collections.abc import AsyncIterator
from functools import partial

import httpx
import pytest
import sqlalchemy as sa

from deploy.local.buckets import S3Address
from services.gateway import stalled
from services.gateway.accounts import create_account
from services.gateway.agencies.scoping import EVERYTHING
from services.gateway.app import app
from services.gateway.bridges.bell import Bell
from services.gateway.live.hub import Hub
from services.gateway.settings import Settings
from services.gateway.store import Case
from shared.bus.memory import MemoryBroker
from shared.database import Database
from shared.events import ReviewDecided
from shared.events.envelope import decode
from tests.support.approvals import KEY
from tests.support.gateway import PASSWORD, Story
from tests.support.poll import eventually
from tests.support.service import record, running
from tests.support.stack import Migrated


@pytest.fixture
async def database(migrated: Migrated) -> AsyncIterator[Database]:
    database = Database(migrated.dsn_for("gateway"), "/haetae/gateway", settings=EVERYTHING)
    await create_account(database, "script", PASSWORD, ["reviewer"], scripted=True)
    yield database
    await database.close()


@pytest.fixture
def settings(s3_settings: S3Address) -> Settings:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {name.removeprefix("HAETAE_").lower(): value for name, value in s3_settings.env().items()}
    key = base64.b64encode(b"k" * 32).decode()
    return Settings.model_validate(
        {
            "database_url": "unused",
            "kafka_bootstrap": "unused",
            "gateway_port": port,
            "master_key": key,
            "approval_key": KEY,
            "history_key": key,
            **given,
        }
    )


async def decided(broker: MemoryBroker) -> list[ReviewDecided]:
    records = [record for log in broker.logs(ReviewDecided.topic.name) for record in log]
    events = [decode(record.value, dict(record.headers)).event for record in records]
    return [event for event in events if isinstance(event, ReviewDecided)]


async def test_from_events_to_a_verdict_on_the_broker(database: Database, settings: Settings) -> None:
    broker, story = MemoryBroker(), Story.of()
    await broker.produce([record(story.drafted), record(story.sealed), record(story.flagged)])
    async with (
        running(app(settings), broker, database),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.gateway_port}/api", trust_env=False) as api,
    ):

        async def served() -> bool:
            try:
                answer = await api.post("/login", json={"login": "script", "password": PASSWORD})
            except httpx.TransportError:
                return False
            api.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            return True

        async def waiting() -> bool:
            return bool((await api.get("/cases", params={"state": "drafted"})).json()["items"])

        await eventually(served)
        await eventually(waiting)
        notices = [{"notice_id": str(notice.notice_id), "sha256": notice.sha256} for notice in story.notices]
        answer = await api.post(f"/cases/{story.case}/decision", json={"verdict": "approved", "notices": notices})
        assert answer.status_code == 200, answer.text
        await eventually(lambda: decided(broker))
    [event] = await decided(broker)
    assert (event.case_id, event.approved, event.scripted) == (story.case, story.notices, True)


async def test_a_case_that_nothing_happens_to_any_more_is_an_alarm_until_something_does(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stalled, "LOOK_S", 0.1)
    broker, waits, drafted = MemoryBroker(), Story.of("post/1"), Story.of("post/2")
    started = [record(event) for event in (waits.flagged, drafted.flagged, drafted.sealed, drafted.drafted)]
    await broker.produce(started)

    async def alarms() -> dict[str, str | None]:
        async with database.transaction() as tx:
            return {row.state: row.alarm for row in await tx.scalars(sa.select(Case))}

    async def are(**wanted: str | None) -> None:
        await eventually(partial(same, wanted))

    async def same(wanted: dict[str, str | None]) -> bool:
        return await alarms() == wanted

    async with running(app(settings), broker, database):
        await are(flagged=None, drafted=None)
        async with database.transaction() as tx:
            await tx.execute(sa.update(Case).values(updated_at=sa.func.now() - stalled.PATIENCE))
        await are(flagged="stalled", drafted=None)
        await broker.produce([record(waits.sealed)])
        await are(sealed=None, drafted=None)


@pytest.mark.parametrize("part", [Bell, Hub])
async def test_the_service_ends_where_nobody_looks_for_news_any_more(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, part: type[Bell | Hub]
) -> None:
    """Open streams would wait for ever, as if nothing happened."""

    async def broken(self: object) -> None:
        raise LookupError("an error of ours")

    monkeypatch.setattr(part, "run", broken)
    with pytest.raises(LookupError, match="an error of ours"):
        async with running(app(settings), MemoryBroker(), database) as working:
            await eventually(working.done)
