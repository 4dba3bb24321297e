"""The crawler reads what is no web page: from the site's entry to the broker, over a real database."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from services.crawler.app import app
from services.crawler.connectors.pseudonyms import key_of
from services.crawler.frontier import ledger
from services.crawler.registry.sites import import_sites, parse_sites
from services.crawler.settings import Settings
from shared.bus.memory import MemoryBroker
from shared.database import Database
from shared.events import ContentFound, ConversationObserved, Event
from shared.events.envelope import decode
from shared.failures import Transient
from shared.web import serving
from tests.support.connectors import HOST
from tests.support.pages import picture
from tests.support.peers_matrix import ROOM, Matrix
from tests.support.peers_messenger import TOKEN, Messenger
from tests.support.poll import eventually
from tests.support.service import running
from tests.support.stack import Migrated

E = TypeVar("E", bound=Event)
TEXT = "The lantern parcel waits at gate seven."
BOT = {"connector": "messenger", "credential": "bot", "legal_ground": "statutory_monitoring"}
CHANNELS = {**BOT, "options": {"public_base": "https://channels.test/"}}
OPEN_ROOM = {"connector": "matrix", "options": {"basis": "open_room", "rooms": [ROOM]}}


@dataclass
class Watching:
    broker: MemoryBroker
    database: Database
    settings: Settings

    @asynccontextmanager
    async def service(self) -> AsyncIterator[None]:
        async with running(app(self.settings), self.broker, self.database, drain_seconds=5):
            yield

    async def watch(self, port: int, **fields: Any) -> None:
        line = {"url": f"http://{HOST}:{port}/", "name": "Peer", "requests_per_second": 500, "revisit_seconds": 1}
        sites, problems = parse_sites([json.dumps(line | fields)], "jsonl")
        assert not problems
        await import_sites(self.database, sites)

    def ids(self, kind: type[Event]) -> list[str]:
        return [record.headers["ce_id"] for log in self.broker.logs(kind.topic.name) for record in log]

    def told(self, kind: type[E]) -> list[E]:
        records = [record for log in self.broker.logs(kind.topic.name) for record in log]
        events = [decode(record.value, dict(record.headers)).event for record in records]
        return [event for event in events if isinstance(event, kind)]

    async def problem(self) -> str:
        async with self.database.transaction() as tx:
            return str(await tx.scalar(sa.text("SELECT problem FROM frontier")))


@pytest.fixture
async def watching(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Watching]:
    (tmp_path / "hosts").write_text(f"127.0.0.1 {HOST}\n")
    secret = tmp_path / "credentials"
    secret.write_text(f'[bot]\ntoken = "{TOKEN}"\nover_http = true\n')
    secret.chmod(0o600)
    files = {"allowed_hosts_file": str(tmp_path / "hosts"), "credentials_file": str(secret)}
    dsn = migrated.dsn_for("crawler")
    settings = Settings.model_validate({"database_url": dsn, "kafka_bootstrap": "unused", **files})
    database = Database(dsn, "/haetae/crawler")
    yield Watching(MemoryBroker(), database, settings)
    await database.close()


async def test_a_channel_post_becomes_a_finding_and_the_token_stays_here(
    watching: Watching, capfd: pytest.CaptureFixture[str]
) -> None:
    messenger = Messenger()
    messenger.post(TEXT, picture=picture())
    async with serving(messenger.app, "127.0.0.1", 0) as port:
        await watching.watch(port, **CHANNELS)
        async with watching.service():
            await eventually(lambda: watching.told(ContentFound))
            messenger.post("Another lantern")
            await eventually(lambda: len(watching.told(ContentFound)) == 2)
            await eventually(lambda: not messenger.waiting)  # confirmed, now that it is recorded
    first = watching.told(ContentFound)[0]
    assert (first.text, first.finding.url) == (TEXT, "https://channels.test/lanterns/1")
    assert first.finding.pictures[0].pdq_dihedral
    assert first.legal_ground == "statutory_monitoring"
    async with watching.database.transaction() as tx:
        kept = [str(row) for row in await tx.execute(sa.text("SELECT frontier::text FROM frontier"))]
    logs = [log for topic in ("content.found", "crawl.due") for log in watching.broker.logs(topic)]
    records = [repr(record.value) for log in logs for record in log]
    assert not [one for one in (*kept, *records, *capfd.readouterr()) if "stand-in-token" in one]


async def test_a_crash_between_telling_and_recording_loses_nothing_and_doubles_no_id(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The updates are not confirmed, so they come again."""
    messenger, wanted = Messenger(), [f"{TEXT} {number}" for number in range(5)]
    for text in wanted:
        messenger.post(text)

    async def crash(*_: object, **__: object) -> None:
        raise Transient("the database went away, says this test")

    async with serving(messenger.app, "127.0.0.1", 0) as port:
        await watching.watch(port, **CHANNELS)
        with monkeypatch.context() as faults:
            faults.setattr(ledger, "record", crash)
            async with watching.service():
                await eventually(lambda: watching.told(ContentFound))
        assert len(messenger.waiting) == len(wanted)
        async with watching.service():
            await eventually(lambda: not messenger.waiting, 40)
    assert {event.text for event in watching.told(ContentFound)} == set(wanted)
    told = watching.ids(ContentFound)
    assert len(told) > len(set(told)) == len(wanted)


async def test_an_open_room_is_observed_until_it_is_closed(watching: Watching) -> None:
    matrix = Matrix()
    matrix.say(TEXT)
    async with serving(matrix.app, "127.0.0.1", 0) as port:
        await watching.watch(port, **OPEN_ROOM)
        async with watching.service():
            await eventually(lambda: watching.told(ConversationObserved))
            matrix.visibility = "joined"
            matrix.say("Said behind a closed door")
            await eventually(is_refused(watching))
    (told,) = watching.told(ConversationObserved)
    assert [turn.text for turn in told.turns] == [TEXT]
    assert "minji" not in told.model_dump_json()


def is_refused(watching: Watching):
    async def refused() -> bool:
        return "room" in await watching.problem()

    return refused


async def test_a_conversation_keeps_its_key_and_others_have_another(watching: Watching) -> None:
    async with watching.database.transaction() as tx:
        keys = [await key_of(tx, name) for name in ("one", "two", "one")]
    assert keys[0] == keys[2] != keys[1]
    assert len(keys[0]) == 32
