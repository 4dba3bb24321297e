"""The classifier on a real database and the sandbox's world: lists, loads, hears of new hashes, flags what it must."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import sqlalchemy as sa

from sandbox import model
from sandbox.http import Request
from sandbox.images import posted_file
from sandbox.known import LABELS, known_picture
from sandbox.live import LiveWorld
from sandbox.sites import Site
from sandbox.training import examples
from sandbox.world import World
from services.classifier.app import app
from services.classifier.hashes.banks import list_hashes
from services.classifier.hashes.store import stored_rows
from services.classifier.hashes.variants import compute_entries
from services.classifier.learning.training import train
from services.classifier.settings import Settings
from services.crawler.pages.reading import Page, read_page
from shared.bus.memory import MemoryBroker
from shared.database import Database
from shared.events import ContentFlagged, ContentFound, HashListed
from shared.events.envelope import decode
from shared.events.examples import CAPTURE, FINDING
from shared.events.values import HashEntry
from shared.identity import case_id, identity
from shared.outbox import OUTBOX
from tests.support.findings import describe
from tests.support.poll import eventually
from tests.support.service import record, running
from tests.support.stack import Migrated

SEED = 7


@pytest.fixture(scope="module")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-in, as `make models` trains it."""
    out = tmp_path_factory.mktemp("text")
    train(examples(seed=1), out, seed=1, provenance="the stand-in")
    return out


@pytest.fixture
async def owner(migrated: Migrated) -> AsyncIterator[Database]:
    """The database as the command line opens it."""
    database = Database(migrated.owner_url, "/haetae/classifier", schema="classifier")
    yield database
    await database.close()


@pytest.fixture
async def database(migrated: Migrated) -> AsyncIterator[Database]:
    database = Database(migrated.dsn_for("classifier"), "/haetae/classifier")
    yield database
    await database.close()


@pytest.fixture
def settings(migrated: Migrated, text_model: Path) -> Settings:
    return Settings.model_validate(
        {"database_url": migrated.dsn_for("classifier"), "kafka_bootstrap": "unused", "text_model": text_model}
    )


def entries_of(label: str) -> tuple[HashEntry, ...]:
    out = io.BytesIO()
    known_picture(label).save(out, "PNG")
    return compute_entries(label, "stand-in", out.getvalue())


def pages(world: World) -> Iterator[tuple[model.Post | None, ContentFound]]:
    """Everything the sandbox shows, read by the crawler's own reader; with the post that a page is the page of."""
    live = LiveWorld(world, now=lambda: 0.0, after=lambda seconds, do: None)
    for post in world.posts:
        live.publish(post.key)
    for host in world.hosts:
        posts = {post.path: post for post in world.posts if post.host == host.name}
        site = Site(host, live, 80)
        for address in site.addresses():
            answer, url = site.respond(Request("GET", address, host.name, "", "", b"")), f"http://{host.name}{address}"
            if b"text/html" not in answer.head:
                continue
            page = read_page(answer.body, url, "", host.language)
            if page.is_content and not page.copy_of:
                yield posts.get(address), found(url, page, posts.get(address))


def found(url: str, page: Page, post: model.Post | None) -> ContentFound:
    pictures = (describe(page.pictures[0], posted_file(post.picture)[0]),) if post and post.picture else ()
    finding = FINDING.model_copy(
        update={"url": url, "title": page.title, "excerpt": page.text[:2000], "pictures": pictures}
    )
    return ContentFound(host=FINDING.site.host, finding=finding, text=page.text, capture=CAPTURE)


@pytest.fixture(scope="module")
def known_post() -> ContentFound:
    """A page with a known picture and harmless text."""
    return next(event for post, event in pages(World.generate(SEED, 0.1)) if post and post.finding == "picture")


def flagged(broker: MemoryBroker) -> dict[UUID, ContentFlagged]:
    """By event id, as whoever handles each id once sees them."""
    decoded = [decode(one.value, dict(one.headers)) for log in broker.topics["content.flagged"] for one in log]
    return {envelope.id: envelope.event for envelope in decoded if isinstance(envelope.event, ContentFlagged)}


async def handled(broker: MemoryBroker, count: int) -> None:
    def done() -> bool:
        group = broker.groups.get("classifier.hot")
        return group is not None and sum(group.offsets.values()) == count

    await eventually(done)


async def test_a_world_is_told_apart_without_a_mistake(settings: Settings, database: Database, owner: Database) -> None:
    for label in LABELS:
        assert await list_hashes(owner, "stand-ins", entries_of(label)) > 10
    shown = await asyncio.to_thread(lambda: list(pages(World.generate(SEED))))
    broker = MemoryBroker(4)
    async with running(app(settings), broker, database):
        await broker.produce([record(event) for _, event in shown])
        await handled(broker, len(shown))
    flags = flagged(broker)
    wanted = {event.finding.url for post, event in shown if post and post.finding}
    assert len(wanted) > 30
    assert {flag.finding.url for flag in flags.values()} == wanted
    for post, event in shown:
        if post and post.finding is model.Finding.PICTURE and post.picture:
            flag = flags[identity("flagged", case_id(event.finding.url))]
            assert flag.assessment.category == "known_content"
            assert flag.assessment.matches[0].entry == post.picture.source
    assert {f.assessment.category for f in flags.values()} == {"known_content", "suspected_text"}


async def test_a_page_seen_again_is_the_same_case(
    settings: Settings, database: Database, owner: Database, known_post: ContentFound
) -> None:
    for label in LABELS:
        await list_hashes(owner, "stand-ins", entries_of(label))
    event, broker = known_post, MemoryBroker()
    changed = event.model_copy(update={"text": event.text + " more"})
    async with running(app(settings), broker, database):
        await broker.produce([record(event), record(changed)])
        await handled(broker, 2)
    assert list(flagged(broker)) == [identity("flagged", case_id(event.finding.url))]


async def test_hashes_listed_while_it_runs_are_matched_from_then_on(
    settings: Settings, database: Database, owner: Database, known_post: ContentFound
) -> None:
    service, broker = app(settings), MemoryBroker()
    detector = service.resources[0]
    async with running(service, broker, database):
        await broker.produce([record(known_post)])
        await handled(broker, 1)
        assert flagged(broker) == {}
        listed = sum([await list_hashes(owner, "stand-ins", entries_of(label)) for label in LABELS])
        await eventually(lambda: len(detector.bank) == listed)  # type: ignore[attr-defined]
        await broker.produce([record(known_post, "again")])
        await handled(broker, 2)
        assert len(flagged(broker)) == 1


async def test_listing_again_adds_nothing_and_says_nothing(owner: Database) -> None:
    entries = entries_of(LABELS[1])
    assert await list_hashes(owner, "a", entries) == len(entries)
    assert await list_hashes(owner, "a", entries) == 0
    assert await list_hashes(owner, "a", (*entries, *entries_of(LABELS[2]))) == len(entries_of(LABELS[2]))
    assert await list_hashes(owner, "b", entries) == len(entries)
    stored = [row async for page in stored_rows(owner) for row in page]
    assert len(stored) == 3 * len(entries)
    assert len(set(stored)) == len(stored)


async def test_a_long_list_is_stored_and_told_in_chunks(owner: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.classifier.hashes.store.PAGE", 400)
    rng = np.random.default_rng(3)
    entries = [
        HashEntry(
            entry=f"e{n}", category="c", algorithm="pdq", hash=rng.bytes(32).hex(), variant="original", threshold=31
        )
        for n in range(1_101)
    ]
    assert await list_hashes(owner, "long", entries) == len(entries)
    stored = [row async for page in stored_rows(owner) for row in page]
    assert [row.hash.hex() for row in stored] == [entry.hash for entry in entries]
    async with owner.transaction() as tx:
        told = (await tx.execute(sa.select(OUTBOX.c.value).order_by(OUTBOX.c.position))).scalars().all()
    assert [len(HashListed.model_validate_json(value).entries) for value in told] == [500, 500, 101]
