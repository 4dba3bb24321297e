"""Hash-only: after a crawl, no byte of a picture or video is in a bucket, a topic, a table, a log, or any file."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.buckets import S3Address
from services.crawler.app import app
from services.crawler.registry.sites import import_sites, parse_sites
from services.crawler.settings import Settings
from shared.bus.memory import MemoryBroker
from shared.database import Database
from shared.events import ContentFound
from shared.events.envelope import decode
from tests.support.findings import TEXT, picture_file
from tests.support.objects import quarantine_settings
from tests.support.poll import eventually
from tests.support.raw_server import RawServer, plain, raw_server
from tests.support.service import running
from tests.support.stack import Migrated
from tests.support.traces import files, objects, pieces, tables
from tests.support.videos import video

ADDRESS, HOST = "127.78.0.10", "gallery.test"
PICTURE, INLINE, FILM = (
    picture_file(seed=21),
    picture_file(seed=22, size=96, format="PNG"),
    video(scenes=2, key_every=10),
)
POST = "/post/1"


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[RawServer]:
    (tmp_path / "hosts").write_text(f"{ADDRESS} {HOST}")
    inline = f"data:image/png;base64,{base64.b64encode(INLINE).decode()}"
    html = f"<html><body><article><p>{TEXT}</p><img src=/a.jpg><img src='{inline}'><video src=/film.mp4></video>"
    async with raw_server(ADDRESS) as server:
        server.answers[POST] = plain(html.encode(), "Content-Type: text/html")
        server.answers["/"] = plain(f"<a href={POST}>post</a>".encode(), "Content-Type: text/html")
        server.answers["/a.jpg"] = plain(PICTURE, "Content-Type: image/jpeg")
        server.answers["/film.mp4"] = plain(FILM, "Content-Type: video/mp4")
        yield server


async def settings(migrated: Migrated, s3: S3Address, folder: Path, **more: object) -> Settings:
    given = {"database_url": migrated.dsn_for("crawler"), "kafka_bootstrap": "unused"}
    kept = await quarantine_settings(s3)
    return Settings.model_validate({**given, **kept, "allowed_hosts_file": folder / "hosts", **more})


async def crawl(web: RawServer, given: Settings) -> tuple[ContentFound, list[bytes]]:
    """What was found on the page, and every record of every topic."""
    broker, database = MemoryBroker(), Database(given.database_url.get_secret_value(), "/haetae/crawler")
    start = f"http://{HOST}:{web.port}/"
    site = f"{start},Gallery,gallery,50,60"
    lines, problems = parse_sites(["url,name,kind,requests_per_second,revisit_seconds", site], "csv")
    assert not problems
    await import_sites(database, lines)

    def found() -> list[ContentFound]:
        records = [record for log in broker.logs(ContentFound.topic.name) for record in log]
        events = [decode(record.value, dict(record.headers)).event for record in records]
        return [event for event in events if isinstance(event, ContentFound)]

    async with running(app(given), broker, database, drain_seconds=5):
        await eventually(found)
    await database.close()
    records = [record.value for logs in broker.topics.values() for log in logs for record in log]
    return found()[0], records


async def test_no_byte_is_kept_anywhere(
    web: RawServer,
    migrated: Migrated,
    s3_settings: S3Address,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    given = await settings(migrated, s3_settings, tmp_path, hash_only=True)
    before = await asyncio.to_thread(objects, s3_settings)
    found, records = await crawl(web, given)
    assert (len(found.finding.pictures), len(found.videos)) == (2, 1)
    assert all(picture.pdq_dihedral for picture in found.finding.pictures)
    after = await asyncio.to_thread(objects, s3_settings)
    assert set(after) == set(before)
    places = {
        "topics": b"\n".join(records),
        "tables": await asyncio.to_thread(tables, migrated.owner_url),
        "logs": "".join(capfd.readouterr()).encode(),
        "files": await asyncio.to_thread(files, tmp_path),
        "objects": b"".join(after.values()),
    }
    assert found.finding.pictures[0].sha256.encode() in places["topics"]
    wanted = list(pieces(PICTURE, INLINE, FILM))
    assert len(wanted) > 100
    assert [(place, piece) for place, data in places.items() for piece in wanted if piece in data] == []


async def test_otherwise_they_are_in_quarantine_and_sealed(
    web: RawServer, migrated: Migrated, s3_settings: S3Address, tmp_path: Path
) -> None:
    given = await settings(migrated, s3_settings, tmp_path)
    found, _ = await crawl(web, given)
    after = await asyncio.to_thread(objects, s3_settings)
    for picture in found.finding.pictures:
        assert any(name.endswith(picture.sha256) for name in after)
    kept = b"".join(data for name, data in after.items() if name.startswith(given.s3_bucket_prefix))
    assert [piece for piece in pieces(PICTURE, INLINE, FILM) if piece in kept] == []
