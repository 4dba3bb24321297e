"""Public events over HTTP, with a real server and a real database: pages, waiting, a stream that goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from services.gateway.bridges import feed
from services.gateway.bridges.bell import MOST_OF_ONE, Bell
from services.gateway.sessions import Kind
from services.gateway.web import application
from shared.events import AlertRaised, CaseChanged
from shared.events.envelope import decode
from shared.events.examples import EXAMPLES
from shared.web import serving
from tests.support.bridges import emptied, told
from tests.support.gateway import Desk, make_desk
from tests.support.poll import eventually
from tests.support.stack import Migrated
from tests.support.visitors import add_agency, seat

SCOPES = ["read-events"]


@dataclass(frozen=True)
class Open:
    """A gateway that is served, and a program of another agency that may read events."""

    desk: Desk
    bell: Bell
    program: httpx.AsyncClient


@pytest.fixture
async def open_(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Open]:
    emptied(migrated_once.owner_url)
    add_agency(migrated_once.owner_url, "harbour")
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path)
    token = await seat(desk, f"reader-{uuid4()}", "service", "harbour", scripted=True, scopes=SCOPES, kind=Kind.SERVICE)
    async with Bell(desk.database, desk.parts.clock).running() as bell:
        app = application(replace(desk.parts, bell=bell))
        async with serving(app, "127.0.0.1", 0) as port:
            headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
            url = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as program:
                yield Open(desk, bell, program)
            bell.end()
    await desk.database.close()


async def test_who_follows_the_links_has_everything_once_in_order(open_: Open) -> None:
    ids = [await told(open_.desk) for _ in range(7)]
    heard: list[str] = []
    link = "/api/events?limit=3"
    for _ in range(3):
        answer = await open_.program.get(link)
        assert answer.headers["content-type"].startswith("application/cloudevents-batch+json")
        heard += [event["id"] for event in answer.json()]
        link = answer.links["next"]["url"]
    assert heard == [str(id) for id in ids]
    assert (await open_.program.get(link)).json() == []
    late = await told(open_.desk)
    assert [event["id"] for event in (await open_.program.get(link)).json()] == [str(late)]


async def test_an_event_reads_as_one_from_kafka(open_: Open) -> None:
    id = await told(open_.desk)
    event = (await open_.program.get("/api/events")).json()[0]
    envelope = decode(json.dumps(event).encode(), {"content-type": b"application/cloudevents+json"})
    assert (envelope.id, envelope.event) == (id, EXAMPLES[CaseChanged])


async def test_types_narrow_and_the_place_goes_on_all_the_same(open_: Open) -> None:
    alert = await told(open_.desk, EXAMPLES[AlertRaised])
    await told(open_.desk)
    answer = await open_.program.get("/api/events", params={"types": AlertRaised.type})
    assert [event["id"] for event in answer.json()] == [str(alert)]
    assert httpx.URL(answer.links["next"]["url"]).params["after"] == f"{2:018d}"
    assert (await open_.program.get("/api/events", params={"types": "crawl.due.v1"})).status_code == 422


async def test_who_waits_is_answered_when_something_comes(open_: Open) -> None:
    waiting = asyncio.create_task(open_.program.get("/api/events", params={"wait": 30}))
    await eventually(lambda: bool(open_.bell.readers))
    id = await told(open_.desk)
    assert [event["id"] for event in (await waiting).json()] == [str(id)]


async def test_a_place_that_is_gone_or_not_there_is_told(open_: Open) -> None:
    for _ in range(3):
        await told(open_.desk)
    async with open_.desk.database.transaction() as tx:
        assert await feed.forget(tx, tx.clock.now() + timedelta(days=1), 2) == 2
    for place in ("0", "1", "4", "999999999999999999"):
        answer = await open_.program.get("/api/events", params={"after": place})
        assert (answer.status_code, told_as(answer)) == (409, "no-such-place")
        assert f"{2:018d}" in answer.text
    assert len((await open_.program.get("/api/events", params={"after": "2"})).json()) == 1
    for given in ({"after": "-1"}, {"after": "x"}, {"after": "2", "since": "2026-01-01T00:00:00Z"}):
        assert (await open_.program.get("/api/events", params=given)).status_code == 422


async def test_since_a_moment(open_: Open) -> None:
    await told(open_.desk)
    moment = open_.desk.parts.clock.now().isoformat()
    assert (await open_.program.get("/api/events", params={"since": moment})).json() == []
    id = await told(open_.desk)
    found = (await open_.program.get("/api/events", params={"since": moment})).json()
    assert [event["id"] for event in found] == [str(id)]


async def test_a_stream_tells_what_comes_and_goes_on_where_it_was(open_: Open) -> None:
    first = await told(open_.desk)
    async with stream(open_) as heard:
        assert await anext(heard) == (f"{1:018d}", str(first))
        second = await told(open_.desk)
        assert await anext(heard) == (f"{2:018d}", str(second))
    third = await told(open_.desk)
    async with stream(open_, last=f"{2:018d}") as heard:
        assert await anext(heard) == (f"{3:018d}", str(third))
        open_.bell.end()
        assert [one async for one in heard] == []
    for last, status in (("x", 422), ("7", 409)):
        answer = await open_.program.get("/api/events/stream", headers={"Last-Event-ID": last})
        assert answer.status_code == status


async def test_a_stream_of_few_types_ends_with_its_place(open_: Open) -> None:
    """Who comes back with it does not begin before what the stream passed over."""
    alert = await told(open_.desk, EXAMPLES[AlertRaised])
    async with stream(open_, types=AlertRaised.type) as heard:
        assert await anext(heard) == (f"{1:018d}", str(alert))
        for _ in range(3):
            await told(open_.desk)
        await eventually(lambda: open_.bell.newest == 4)
        open_.bell.end()
        assert [one async for one in heard] == [(f"{4:018d}", "")]


async def test_a_stream_ends_where_what_follows_it_is_gone(open_: Open) -> None:
    for _ in range(2):
        await told(open_.desk)
    async with stream(open_) as heard:
        assert [(await anext(heard))[0] for _ in range(2)] == [f"{1:018d}", f"{2:018d}"]
        async with open_.desk.database.transaction() as tx:  # three came and went between two looks
            await tx.execute(sa.update(feed.Ends).values(newest=5, forgotten=4))
        await eventually(lambda: open_.bell.readers == 0)
        assert [one async for one in heard] == [], "nothing is passed over, also not by its last place"
    answer = await open_.program.get("/api/events/stream", headers={"Last-Event-ID": f"{2:018d}"})
    assert (answer.status_code, told_as(answer)) == (409, "no-such-place")


async def test_streams_of_one_program_are_bounded(open_: Open) -> None:
    async with AsyncExitStack() as streams:
        for _ in range(MOST_OF_ONE):
            await streams.enter_async_context(stream(open_))
        await eventually(lambda: open_.bell.readers == MOST_OF_ONE)
        answer = await open_.program.get("/api/events/stream")
        assert (answer.status_code, told_as(answer)) == (429, "too-many-streams")
    await eventually(lambda: open_.bell.readers == 0)


@asynccontextmanager
async def stream(open_: Open, last: str = "", types: str = "") -> AsyncIterator[AsyncIterator[tuple[str, str]]]:
    headers, params = {"Last-Event-ID": last} if last else {}, {"types": types} if types else {}
    async with open_.program.stream("GET", "/api/events/stream", headers=headers, params=params) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield heard(answer)


async def heard(answer: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    """Each event's place in the feed, and its number; last the place alone, where it is another one."""
    last = ""
    event: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        else:
            if "data" in event:
                yield event["id"], json.loads(event["data"])["id"]
            elif event.get("id", last) != last:
                yield event["id"], ""
            last, event = event.get("id", last), {}


def told_as(answer: httpx.Response) -> str:
    """The code of a refusal."""
    return str(answer.json()["type"]).partition("#")[2]
