"""Hash-only from the first fetch to the drafted notice: of a picture that was found, no byte and no thumbnail stays."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, UnidentifiedImageError
from sqlalchemy import select

from deploy.local.buckets import Bucket, S3Address, ensure_buckets
from services.classifier import app as classifier
from services.classifier.hashes.entries import Algorithm
from services.classifier.hashes.listing import list_hashes
from services.crawler import app as crawler
from services.crawler.registry.sites import import_sites, parse_sites
from services.crawler.settings import Settings as CrawlerSettings
from services.drafter import app as drafter
from services.drafter.settings import Settings as DrafterSettings
from services.evidence import app as evidence
from services.evidence.custody import lines
from services.evidence.handlers import _files
from services.evidence.modes import mode_of
from services.evidence.seal.manifest import FULL, HASH_ONLY
from services.gateway import app as gateway
from services.gateway.agencies.scoping import EVERYTHING
from services.gateway.settings import Settings as GatewaySettings
from services.gateway.store import Case
from shared.bus.memory import MemoryBroker
from shared.database import Database
from shared.events import EvidenceSealed
from shared.events.envelope import decode
from shared.handling import Service
from shared.objects.vault import open_vault
from tests.support.banks import ME, listed
from tests.support.captures import captured, evidence_settings, flagged
from tests.support.classifier import settings as classifier_settings
from tests.support.findings import TEXT, picture_file
from tests.support.objects import quarantine_settings
from tests.support.poll import eventually
from tests.support.raw_server import RawServer, plain, raw_server
from tests.support.service import running
from tests.support.stack import Migrated
from tests.support.traces import files, objects, pieces, tables

ADDRESS, HOST, POST = "127.78.0.11", "gallery.test", "/post/1"
MARKED = picture_file(seed=31)


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[RawServer]:
    (tmp_path / "hosts").write_text(f"{ADDRESS} {HOST}")
    html = f"<html><body><article><p>{TEXT}</p><img src=/a.jpg></article>"
    async with raw_server(ADDRESS) as server:
        server.answers[POST] = plain(html.encode(), "Content-Type: text/html")
        server.answers["/"] = plain(f"<a href={POST}>post</a>".encode(), "Content-Type: text/html")
        server.answers["/a.jpg"] = plain(MARKED, "Content-Type: image/jpeg")
        yield server


async def services(
    migrated: Migrated, s3: S3Address, kept: dict[str, object], text_model: Path, folder: Path
) -> dict[str, tuple[Service, Database]]:
    """From the crawler to the gateway, each with its own role, in the mode that keeps hashes alone. `kept`: the
    quarantine's settings."""
    prefix = str(kept["s3_bucket_prefix"])
    await ensure_buckets(replace(s3, prefix=prefix), [Bucket(name) for name in ("evidence", "keys", "exports")])
    common = {"kafka_bootstrap": "unused", "hash_only": True, "allowed_hosts_file": folder / "hosts"}

    def given(name: str, **more: object) -> dict[str, object]:
        return {**common, "database_url": migrated.dsn_for(name), **more}

    sealing = evidence_settings(env=s3.env(), hosts=folder / "hosts", hash_only=True, s3_bucket_prefix=prefix)
    stores = {name: value for name, value in kept.items() if name.startswith("s3_")}
    keys = {
        "master_key": sealing.master_key,
        "history_key": "A" * 43 + "=",
        "approval_key": "a" * 32,
        "gateway_port": 0,
    }
    made = {
        "crawler": crawler.app(CrawlerSettings.model_validate(given("crawler", **kept))),
        "classifier": classifier.app(classifier_settings(migrated, text_model, hash_only=True)),
        "evidence": evidence.app(sealing),
        "drafter": drafter.app(DrafterSettings.model_validate(given("drafter"))),
        "gateway": gateway.app(GatewaySettings.model_validate(given("gateway", **stores, **keys))),
    }
    databases = {name: Database(migrated.dsn_for(name), f"/haetae/{name}") for name in made}
    databases["gateway"] = databases["gateway"].scoped(EVERYTHING)
    return {name: (app, databases[name]) for name, app in made.items()}


async def begin(web: RawServer, databases: dict[str, Database]) -> None:
    """The picture is listed, and its site is watched."""
    entry = listed(hashlib.sha256(MARKED).digest(), algorithm=Algorithm.SHA256)
    await list_hashes(databases["classifier"], "stand-ins", [entry], author=ME)
    site = f"http://{HOST}:{web.port}/,Gallery,gallery,50,60"
    found, problems = parse_sites(["url,name,kind,requests_per_second,revisit_seconds", site], "csv")
    assert not problems
    await import_sites(databases["crawler"], found)


async def drafted(database: Database) -> Case | None:
    async with database.transaction() as tx:
        return await tx.scalar(select(Case).where(Case.drafted_at.is_not(None)))


def sealed(broker: MemoryBroker) -> EvidenceSealed:
    events = [decode(one.value, dict(one.headers)).event for log in broker.logs("evidence.sealed") for one in log]
    (event,) = [event for event in events if isinstance(event, EvidenceSealed)]
    return event


def rasters(bodies: Iterator[bytes]) -> list[str]:
    """The formats of those that are a picture, of whatever size."""
    found = []
    for body in bodies:
        try:
            with Image.open(io.BytesIO(body)) as image:
                found.append(str(image.format))
        except (UnidentifiedImageError, ValueError, SyntaxError):
            pass
    return found


async def test_no_byte_and_no_thumbnail_of_a_picture_stays(
    web: RawServer,
    migrated: Migrated,
    s3_settings: S3Address,
    text_model: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    kept = await quarantine_settings(s3_settings)
    prefix = str(kept["s3_bucket_prefix"])
    made, broker = await services(migrated, s3_settings, kept, text_model, tmp_path), MemoryBroker()
    databases = {name: database for name, (_, database) in made.items()}
    await begin(web, databases)
    async with AsyncExitStack() as stack:
        for service, database in made.values():
            await stack.enter_async_context(running(service, broker, database, drain_seconds=5))
        await eventually(lambda: drafted(databases["gateway"]))
        while_it_ran = await asyncio.to_thread(files, tmp_path)  # the browser's profile among them
    event = sealed(broker)
    assert event.mode == HASH_ONLY
    assert event.surroundings is not None  # where it is served from is no content
    wanted, stored = list(pieces(MARKED)), await asyncio.to_thread(objects, replace(s3_settings, prefix=prefix))
    assert stored
    settings = evidence_settings(env=s3_settings.env(), s3_bucket_prefix=prefix)
    async with open_vault(settings) as vault:
        opened = [await vault.get(event.case_id, sha256) for sha256 in await vault.digests(event.case_id)]
    assert len(opened) == len({item.sha256 for item in event.objects})
    places = {
        "topics": b"\n".join(one.value for logs in broker.topics.values() for log in logs for one in log),
        "tables": await asyncio.to_thread(tables, migrated.owner_url),
        "logs": "".join(capfd.readouterr()).encode(),
        "files while it ran": while_it_ran,
        "files": await asyncio.to_thread(files, tmp_path),
        "buckets": b"".join(stored.values()),
        "buckets, opened": b"".join(opened),
    }
    assert event.finding.pictures[0].sha256.encode() in places["topics"]
    assert len(wanted) > 100
    assert [(place, piece) for place, data in places.items() for piece in wanted if piece in data] == []
    assert rasters(iter([*opened, *stored.values()])) == []
    manifest = json.loads(next(body for body in opened if b'"haetae-evidence/2"' in body))
    assert {item["name"] for item in manifest["objects"] if not item["kept"]} >= {"picture-1.jpg", "screenshot.jpg"}
    assert "layout.svg" in {item.name for item in event.objects}
    assert manifest["pictures"][0]["sha256"] == event.finding.pictures[0].sha256
    async with databases["evidence"].transaction() as tx:
        assert await lines.check(tx, event.case_id) is None
    for database in databases.values():
        await database.close()


def test_a_category_may_be_kept_by_its_hashes_alone() -> None:
    event = flagged("http://harbour-board.en.test/post/41")
    of_category = evidence_settings(hash_only_categories=f"another, {event.assessment.category}")
    assert mode_of(event.assessment.category, of_category) == HASH_ONLY
    assert mode_of("a third", of_category) == FULL
    kept = {file.name for file in _files(event, captured(), HASH_ONLY)}
    assert kept == {"step-render.json", "step-screenshots.json", "step-dns.json", "manifest.json"}
    assert kept < {file.name for file in _files(event, captured(), FULL)}
