"""A request that comes twice is carried out once; what did not change is not sent again; refusals are told alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from deploy.local.access import libpq_url
from services.gateway.accounts import create_account
from services.gateway.api.kept import IN_FLIGHT, KEPT, forget_old
from services.gateway.web import application
from shared.clock import ManualClock
from tests.support.gateway import PASSWORD, Desk, Story, make_desk
from tests.support.stack import Migrated

JSON = {"Content-Type": "application/json"}
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
async def desk(migrated_once: Migrated, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path_factory.mktemp("gateway"), ManualClock())
    for login in ("lee", "park"):
        await create_account(desk.database, login, PASSWORD, ["reviewer"])
    yield desk
    await desk.database.close()


@pytest.fixture
def clock(desk: Desk) -> ManualClock:
    assert isinstance(desk.parts.clock, ManualClock)
    return desk.parts.clock


@pytest.fixture
def rows(migrated_once: Migrated) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(libpq_url(migrated_once.owner_url), autocommit=True) as connection:
        connection.execute("SET search_path = gateway")
        yield connection


@asynccontextmanager
async def logged_in(desk: Desk, login: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(desk.parts), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test/api") as client:
        answer = await client.post("/login", json={"login": login, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield client


@pytest.fixture
async def lee(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with logged_in(desk, "lee") as client:
        yield client


def keyed(key: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": f'"{key or uuid4()}"'}


def rejection() -> dict[str, Any]:
    return {"verdict": "rejected", "note": "the harbour's own picture"}


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


async def test_the_same_again_is_the_same_answer_and_nothing_more_happens(desk: Desk, lee: httpx.AsyncClient) -> None:
    story, key = await desk.awaiting_review(f"post/{uuid4()}"), keyed()
    first = await lee.post(f"/cases/{story.case}/decision", json=rejection(), headers=key)
    again = await lee.post(f"/cases/{story.case}/decision", json=rejection(), headers=key)
    assert first.status_code == 200, first.text
    assert (again.status_code, again.content, again.headers["Content-Type"]) == (200, first.content, "application/json")
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    history = (await lee.get(f"/cases/{story.case}/history")).json()
    assert [line["action"] for line in history["items"]].count("case-rejected") == 1
    without = await lee.post(f"/cases/{story.case}/decision", json=rejection())
    assert without.status_code == 409


async def test_a_key_is_for_one_request_of_one_account(desk: Desk, lee: httpx.AsyncClient) -> None:
    one, other = [await desk.awaiting_review(f"post/{uuid4()}") for _ in range(2)]
    key = keyed()
    assert (await lee.post(f"/cases/{one.case}/decision", json=rejection(), headers=key)).status_code == 200
    assert code_of(await lee.post(f"/cases/{other.case}/decision", json=rejection(), headers=key)) == (
        422,
        "key-reused",
    )
    changed = {**rejection(), "note": "another reason"}
    assert code_of(await lee.post(f"/cases/{one.case}/decision", json=changed, headers=key)) == (422, "key-reused")
    async with logged_in(desk, "park") as park:
        theirs = await park.post(f"/cases/{other.case}/decision", json=rejection(), headers=key)
        assert theirs.status_code == 200, theirs.text
        assert "Idempotency-Replayed" not in theirs.headers


async def test_a_refusal_leaves_the_key_free(desk: Desk, lee: httpx.AsyncClient) -> None:
    story, key = Story.of(f"post/{uuid4()}"), keyed()
    path = f"/cases/{story.case}/decision"
    assert code_of(await lee.post(path, json=rejection(), headers=key)) == (404, "no-case")
    await desk.tell(story.flagged, story.sealed, story.drafted)
    assert (await lee.post(path, json=rejection(), headers=key)).status_code == 200


async def test_two_at_once_are_carried_out_once(desk: Desk, lee: httpx.AsyncClient) -> None:
    story, key = await desk.awaiting_review(f"post/{uuid4()}"), keyed()
    path = f"/cases/{story.case}/decision"
    answers = await asyncio.gather(*(lee.post(path, json=rejection(), headers=key) for _ in range(4)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 409}
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers if answer.status_code == 200) == 1
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert all(code_of(answer)[1] == "in-flight" and int(answer.headers["Retry-After"]) > 0 for answer in waiting)


async def test_who_died_underway_blocks_the_key_for_a_minute(
    desk: Desk, lee: httpx.AsyncClient, clock: ManualClock, rows: psycopg.Connection[Any]
) -> None:
    """As after a kill between the first commit and the answer: the row says in flight, and nobody will end it."""
    story, key = await desk.awaiting_review(f"post/{uuid4()}"), keyed()
    path = f"/cases/{story.case}/decision"
    assert (await lee.post(path, json=rejection(), headers=key)).status_code == 200
    rows.execute("UPDATE kept_answers SET status = NULL, body = NULL, headers = NULL WHERE about = %s", [story.case])
    assert code_of(await lee.post(path, json=rejection(), headers=key)) == (409, "in-flight")
    clock.advance(IN_FLIGHT.total_seconds())
    assert code_of(await lee.post(path, json=rejection(), headers=key)) == (409, "decided")  # by itself, as it should


async def test_answers_are_kept_for_a_day_and_not_longer(
    desk: Desk, lee: httpx.AsyncClient, clock: ManualClock, rows: psycopg.Connection[Any]
) -> None:
    story, key = await desk.awaiting_review(f"post/{uuid4()}"), keyed()
    path = f"/cases/{story.case}/decision"
    assert (await lee.post(path, json=rejection(), headers=key)).status_code == 200
    clock.advance((KEPT + timedelta(seconds=1)).total_seconds())
    async with logged_in(desk, "lee") as later:
        assert code_of(await later.post(path, json=rejection(), headers=key)) == (409, "decided")
    [(kept,)] = rows.execute("SELECT count(*) FROM kept_answers WHERE about = %s", [story.case]).fetchall()
    assert kept == 0


async def test_who_never_asks_again_leaves_nothing_behind(
    desk: Desk, lee: httpx.AsyncClient, clock: ManualClock, rows: psycopg.Connection[Any]
) -> None:
    def kept() -> int:
        [(count,)] = rows.execute("SELECT count(*) FROM kept_answers WHERE about = %s", [story.case]).fetchall()
        return int(count)

    story = await desk.awaiting_review(f"post/{uuid4()}")
    assert (await lee.post(f"/cases/{story.case}/decision", json=rejection(), headers=keyed())).status_code == 200
    for passed, left in ((KEPT, 1), (timedelta(seconds=1), 0)):
        clock.advance(passed.total_seconds())
        async with desk.database.transaction() as tx:
            await forget_old(tx)
        assert kept() == left


async def test_what_is_told_again_counts_as_a_request_too(
    desk: Desk, lee: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    story, key = await desk.awaiting_review(f"post/{uuid4()}"), keyed()
    counted: list[str] = []
    monkeypatch.setattr(desk.parts.people.rates, "count", lambda token, address: counted.append(token))
    for _ in range(2):
        await lee.post(f"/cases/{story.case}/decision", json=rejection(), headers=key)
    assert len(counted) == 2


async def test_keys_of_nobody_and_keys_that_are_none(desk: Desk, lee: httpx.AsyncClient) -> None:
    credentials = {"login": "lee", "password": PASSWORD}
    del lee.headers["Authorization"]
    tokens = [(await lee.post("/login", json=credentials, headers=keyed("k"))).json()["token"] for _ in range(2)]
    assert tokens[0] != tokens[1]  # nothing was kept: a token is told to nobody twice
    two = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    for none in ([("Idempotency-Key", "a b")], [("Idempotency-Key", "a" * 10_000)], two):
        answer = await lee.post("/login", json=credentials, headers=none)
        assert code_of(answer) == (400, "bad-idempotency-key")


async def test_a_body_that_is_too_large_is_told_with_a_key_too(desk: Desk, lee: httpx.AsyncClient) -> None:
    answer = await lee.post("/hashes", content=b" " * 300_000, headers=keyed())
    assert code_of(answer) == (413, "too-large")


async def test_a_history_is_paged_by_key_and_checked_whole(desk: Desk, lee: httpx.AsyncClient) -> None:
    story = await desk.awaiting_review(f"post/{uuid4()}")
    path, seen, after = f"/cases/{story.case}/history", [], {}
    while True:
        answer = await lee.get(path, params={"limit": 2, **after})
        page = answer.json()
        seen += [line["seq"] for line in page["items"]]
        assert page["intact"]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
        assert answer.headers["Link"] == f'</api{path}?limit=2&after={page["next"]}>; rel="next"'
    assert seen == [1, 2, 3]
    assert code_of(await lee.get(path, params={"after": "nonsense"})) == (422, "bad-after")


async def test_what_did_not_change_is_not_sent_again(desk: Desk, lee: httpx.AsyncClient) -> None:
    first = await lee.get("/summary")
    assert first.headers["ETag"].startswith('"')
    same = await lee.get("/summary", headers={"If-None-Match": f'"another", {first.headers["ETag"]}'})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", first.headers["ETag"])
    await desk.awaiting_review(f"post/{uuid4()}")
    after = await lee.get("/summary", headers={"If-None-Match": first.headers["ETag"]})
    assert after.status_code == 200
    assert after.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/nothing", {}, 404),
        ("DELETE", "/cases", {}, 405),
        ("POST", "/hashes", {"content": b"{", "headers": JSON}, 422),
        ("POST", "/hashes", {"content": b"\xff\xfe{", "headers": JSON}, 400),
        ("POST", "/hashes", {"content": b"a=1", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 415),
        ("POST", "/hashes", {"content": b'{"\\ud800":1}', "headers": JSON}, 422),
        ("POST", "/hashes", {"content": b'{"' + b"a" * 200_000 + b'":NaN}', "headers": JSON}, 422),
        ("POST", "/hashes", {"content": b"[" * 10_000, "headers": JSON}, 400),
        ("POST", "/hashes", {"content": b"9" * 5_000, "headers": JSON}, 400),
        ("GET", "/cases", {"params": {"limit": "many"}}, 422),
        ("POST", "/people/%00/off", {}, 404),
        ("GET", "/cases", {"headers": {"Authorization": "Bearer nobody"}}, 401),
    ],
)
async def test_every_refusal_is_problem_details(
    lee: httpx.AsyncClient, method: str, path: str, more: dict[str, Any], status: int
) -> None:
    answer = await lee.request(method, path, **more)
    told = answer.json()
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert (told["status"], told["instance"]) == (status, f"/api{path}")
    assert len(answer.content) < 2_000
    assert told["type"].startswith("/api/problems#")
    assert set(told["errors"][0]) == {"field", "code", "problem", "cure"}
    if status == 405:
        assert answer.headers["Allow"] == "GET"
    if status == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_the_type_of_a_problem_leads_to_its_cure(desk: Desk, lee: httpx.AsyncClient) -> None:
    told = (await lee.get(f"/cases/{uuid4()}")).json()
    page, _, anchor = told["type"].partition("#")
    async with httpx.AsyncClient(transport=lee._transport, base_url="http://gateway.test") as stranger:
        problems = await stranger.get(page)
        operations = await stranger.get("/api", headers={"Accept-Language": "ko"})
    assert f'id="{anchor}"' in problems.text
    assert told["errors"][0]["cure"] in problems.text
    assert (operations.status_code, 'lang="ko"' in operations.text) == (200, True)
    assert "<code>POST /api/cases/{case_id}/decision</code>" in operations.text
