"""Webhooks as an agency's admin and its programs keep them, by the API and by pages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from deploy.local.access import libpq_url
from services.gateway.bridges.webhooks.house import Webhooks
from services.gateway.bridges.webhooks.managing import MOST
from services.gateway.sessions import Kind
from services.gateway.web import application
from tests.support.bridges import told
from tests.support.stack import Migrated
from tests.support.visitors import add_agency, browser, program, seat
from tests.support.webhooks import Post, one_that_fails, posting

URL = "https://events.harbour.example/haetae"
GIVEN = {"name": "Harbour", "url": URL}
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


@dataclass
class House:
    post: Post
    dsn: str
    program: httpx.AsyncClient
    theirs: httpx.AsyncClient
    admin: httpx.AsyncClient


@pytest.fixture
async def house(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[House]:
    add_agency(migrated_once.owner_url, "harbour")
    async with posting(migrated_once, tmp_path) as post, AsyncExitStack() as stack:
        app = application(post.desk.parts)
        scopes = ["manage-webhooks"]
        clients = []
        for agency in ("home", "harbour"):
            token = await seat(
                post.desk, f"program-{uuid4()}", "service", agency, scripted=True, scopes=scopes, kind=Kind.SERVICE
            )
            clients.append(await stack.enter_async_context(program(app, token)))
        token = await seat(post.desk, f"admin-{uuid4()}", "agency-admin")
        clients.append(await stack.enter_async_context(browser(app, token)))
        yield House(post, migrated_once.dsn_for("gateway"), *clients)


async def test_a_secret_is_told_once_and_stands_nowhere(house: House) -> None:
    answer = await house.program.post("/api/webhooks", json=GIVEN)
    made = answer.json()
    assert answer.status_code == 201
    assert SECRET.fullmatch(made["secret"])
    path = f"/api/webhooks/{made['webhook_id']}"
    for told_again in (await house.program.get("/api/webhooks"), await house.program.get(path)):
        assert made["secret"] not in told_again.text
    with psycopg.connect(libpq_url(house.dsn)) as connection:
        connection.execute("SET haetae.agency = '*'")
        (row,) = connection.execute("SELECT w::text FROM gateway.webhooks w").fetchall()
    assert made["secret"].removeprefix("whsec_")[:20] not in row[0]
    rotated = (await house.program.post(f"{path}/secret", json={"hours": 2})).json()
    assert SECRET.fullmatch(rotated["secret"])
    assert rotated["secret"] != made["secret"]
    again = await house.program.post(f"{path}/secret", json={"hours": 2})
    assert (again.status_code, code(again)) == (409, "webhook-rotating")
    assert rotated["former_until"][:10] in again.json()["detail"]
    assert (await house.program.post(f"{path}/secret", json={"hours": 0})).json()["former_until"] is None


async def test_a_webhook_from_its_beginning_to_its_end(house: House) -> None:
    for _ in range(3):
        await told(house.post.desk)
    made = (await house.program.post("/api/webhooks", json={**GIVEN, "after": "2"})).json()
    path = f"/api/webhooks/{made['webhook_id']}"
    assert (made["state"], made["after"], made["types"]) == ("asking", f"{2:018d}", [])
    changed = await house.program.put(path, json={**GIVEN, "types": ["alert.raised.v1"]})
    assert changed.json()["types"] == ["alert.raised.v1"]
    assert (await house.program.post(f"{path}/replay", json={"after": "1"})).json()["after"] == f"{1:018d}"
    assert code(await house.program.post(f"{path}/test")) == "webhook-not-active"
    for act, state in (("pause", "paused"), ("resume", "asking"), ("end", "ended"), ("end", "ended")):
        assert (await house.program.post(f"{path}/{act}")).status_code == 204
        assert (await house.program.get(path)).json()["state"] == state
    assert code(await house.program.post(f"{path}/resume")) == "webhook-ended"
    assert (await house.program.get(f"{path}/attempts")).json() == {"items": [], "next": None}


async def test_what_cannot_be_is_told_with_its_field(house: House) -> None:
    wrong = {
        "bad-webhook-url": {**GIVEN, "url": "http://events.harbour.example/"},
        "no-webhook-name": {**GIVEN, "name": " \u200b"},
        "bad-types": {**GIVEN, "types": ["crawl.due.v1"]},
        "after-or-since": {**GIVEN, "after": "0", "since": "2026-01-01T00:00:00Z"},
        "no-such-place": {**GIVEN, "after": "7"},
    }
    for expected, given in wrong.items():
        answer = await house.program.post("/api/webhooks", json=given)
        assert (code(answer), answer.status_code in (409, 422)) == (expected, True)
        assert answer.json()["errors"][0]["field"]
    for _ in range(MOST):
        assert (await house.program.post("/api/webhooks", json=GIVEN)).status_code == 201
    assert code(await house.program.post("/api/webhooks", json=GIVEN)) == "many-webhooks"


async def test_another_agency_has_none_of_it(house: House) -> None:
    id = (await house.program.post("/api/webhooks", json=GIVEN)).json()["webhook_id"]
    assert (await house.theirs.get("/api/webhooks")).json()["items"] == []
    for path in (f"/api/webhooks/{id}", f"/api/webhooks/{id}/attempts"):
        assert (await house.theirs.get(path)).status_code == 404
    assert (await house.theirs.post(f"/api/webhooks/{id}/end")).status_code == 404
    assert (await house.post.row(UUID(id))).state == "asking"


async def test_where_nothing_is_sent_none_is_added(house: House) -> None:
    app = application(replace(house.post.desk.parts, webhooks=Webhooks()))
    token = await seat(house.post.desk, f"admin-{uuid4()}", "agency-admin")
    async with browser(app, token) as client:
        assert code(await client.post("/api/webhooks", json=GIVEN)) == "webhooks-off"
        assert "HAETAE_WEBHOOKS" in (await client.get("/webhooks")).text


async def test_the_same_by_pages(house: House) -> None:
    refused = await house.admin.post("/webhooks", data={**GIVEN, "url": "https://10.0.0.7/"})
    assert (refused.status_code, "10.0.0.7" in refused.text) == (422, True)
    made = await house.admin.post("/webhooks", data={**GIVEN, "types": ["case.changed.v1"], "from": "now"})
    assert SECRET.search(made.text)
    (path,) = set(re.findall(r"/webhooks/[0-9a-f-]{36}", made.text))
    page = (await house.admin.get(path)).text
    assert URL in page
    assert not SECRET.search(page)
    assert SECRET.search((await house.admin.post(f"{path}/secret", data={"hours": "24"})).text)
    acts = [
        (f"{path}/replay", {"after": "0"}),
        (f"{path}/replay", {"since": "2026-11-22T09:00"}),
        (path, {"name": "Other", "url": URL}),
        (f"{path}/act/pause", {}),
        (f"{path}/act/resume", {}),
        (f"{path}/act/end", {}),
    ]
    for address, form in acts:
        assert (await house.admin.post(address, data=form)).status_code == 303, address
    assert (await house.admin.post(f"{path}/act/resume")).status_code == 409
    assert (await house.admin.post(f"{path}/act/dance")).status_code == 404
    for since in ("yesterday", "9999-99-99T00:00"):
        assert (await house.admin.post(f"{path}/replay", data={"since": since})).status_code == 422


async def test_a_page_says_once_and_counts_from_one(house: House) -> None:
    """As people do: the API has eighteen digits, which sort as text."""
    async with house.post.desk.database.transaction() as tx:
        id = await one_that_fails(tx, house.post.desk, house.post.admin)
    for path, words in (
        ("/webhooks", {"en": "failed once", "ko": "한 번 실패"}),
        (f"/webhooks/{id}", {"en": "Once, at ", "ko": "한 번, "}),
    ):
        for language, once in words.items():
            page = (await house.admin.get(path, headers={"Accept-Language": language})).text
            assert once in page, (path, language)
            assert f"{0:018d}" not in page
    assert "<code>0</code>" in page


def code(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).partition("#")[2]
