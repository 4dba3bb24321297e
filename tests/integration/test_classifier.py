"""The classifier on a real database and the sandbox's world: lists, loads, hears of new hashes, flags what it must."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from uuid import UUID

import pytest

from sandbox import model
from sandbox.http import Request
from sandbox.images import posted_file
from sandbox.known import LABELS, known_picture
from sandbox.live import LiveWorld
from sandbox.sites import Site
from sandbox.world import World
from services.classifier.app import app
from services.classifier.hashes.entries import BankHash
from services.classifier.hashes.listing import list_hashes
from services.classifier.hashes.variants import compute_entries
from services.classifier.settings import Settings
from services.crawler.pages.reading import Page, read_page
from shared.bus.memory import MemoryBroker
from shared.clock import SystemClock
from shared.database import Database
from shared.events import ContentFlagged, ContentFound
from shared.events.envelope import decode
from shared.events.examples import CAPTURE, FINDING
from shared.identity import case_id, identity
from tests.support.findings import describe
from tests.support.poll import eventually
from tests.support.service import record, running
from tests.support.stack import Migrated

SEED = 7
KNOWN = LABELS[0]
ORDINARY = 8  # one of so many is left: to draw and hash one costs 50 ms, and the benchmarks have thousands


@pytest.fixture
def clock() -> SystemClock:
    """The service that runs on the database has the same."""
    return SystemClock()


@pytest.fixture
def settings(migrated: Migrated, text_model: Path) -> Settings:
    return Settings.model_validate(
        {"database_url": migrated.dsn_for("classifier"), "kafka_bootstrap": "unused", "text_model": text_model}
    )


@cache
def entries_of(label: str) -> tuple[BankHash, ...]:
    out = io.BytesIO()
    known_picture(label).save(out, "PNG")
    return compute_entries(label, "stand-in", out.getvalue())


def with_fewer_pictures(world: World) -> World:
    """Every post, every known picture, and some of the ordinary ones."""
    ordinary = {post.key for post in world.posts if post.picture and not post.picture.known}
    bare = ordinary - set(sorted(ordinary)[::ORDINARY])
    return replace(world, posts=tuple(replace(p, picture=None) if p.key in bare else p for p in world.posts))


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
    """A page with the picture `KNOWN` and harmless text."""
    return next(
        event
        for post, event in pages(World.generate(SEED, 0.1))
        if post and post.picture and post.finding == "picture" and post.picture.source == KNOWN
    )


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
    shown = await asyncio.to_thread(lambda: list(pages(with_fewer_pictures(World.generate(SEED)))))
    broker = MemoryBroker(4)
    async with running(app(settings), broker, database):
        await broker.produce([record(event) for _, event in shown])
        await handled(broker, len(shown))
    flags = flagged(broker)
    wanted = {event.finding.url for post, event in shown if post and post.finding}
    harmless = [event for post, event in shown if not (post and post.finding) and event.finding.pictures]
    assert (len(shown) > 600, len(wanted) > 40, len(harmless) > 30) == (True, True, True)
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
    await list_hashes(owner, "stand-ins", entries_of(KNOWN))
    event, broker = known_post, MemoryBroker()
    changed = event.model_copy(update={"text": event.text + " more"})
    async with running(app(settings), broker, database):
        await broker.produce([record(event), record(changed)])
        await handled(broker, 2)
    assert list(flagged(broker)) == [identity("flagged", case_id(event.finding.url))]


async def test_hashes_listed_while_it_runs_are_matched_from_then_on(
    settings: Settings, database: Database, owner: Database, known_post: ContentFound
) -> None:
    broker = MemoryBroker()
    async with running(app(settings), broker, database):
        await broker.produce([record(known_post)])
        await handled(broker, 1)
        assert flagged(broker) == {}
        await list_hashes(owner, "stand-ins", entries_of(KNOWN))
        await broker.produce([record(known_post, "again")])
        await handled(broker, 2)
        assert list(flagged(broker)) == [identity("flagged", case_id(known_post.finding.url))]


async def test_content_seen_before_its_hash_was_known_becomes_a_case_when_it_is_listed(
    settings: Settings, database: Database, owner: Database, known_post: ContentFound
) -> None:
    broker = MemoryBroker()
    async with running(app(settings), broker, database):
        await broker.produce([record(known_post)])
        await handled(broker, 1)
        await list_hashes(owner, "stand-ins", entries_of(KNOWN))
        await eventually(lambda: flagged(broker))
    (flag,) = flagged(broker).values()
    assert flag.finding.url == known_post.finding.url
    assert flag.assessment.category == "known_content"
