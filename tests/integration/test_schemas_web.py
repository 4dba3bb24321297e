"""What other agencies read before they subscribe: schemas that never change, and AsyncAPI, without logging in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.gateway.web import application
from shared.events import CATALOGUE, CaseChanged
from shared.events.envelope import dataschema
from tests.support.gateway import make_desk

CONTRACTS = Path(__file__).parents[2] / "contracts"
AT = "http://gateway.test"
NOWHERE = "postgresql+psycopg://nobody:nothing@127.0.0.1:1/nowhere"
UNKNOWN = ("case.changed.v1/9.9", "notice.sent.v1/1.0", "..%2F..%2Fetc/passwd", "case.changed.v1/1.0.example", "x/1.0")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Without a database: what never changes is told also while it is away."""
    desk = make_desk(NOWHERE, tmp_path)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(desk.parts)), base_url=AT) as client:
        yield client
    await desk.database.close()


async def test_every_public_event_leads_to_its_schema_byte_for_byte(client: httpx.AsyncClient) -> None:
    for event in (one for one in CATALOGUE if one.topic.public):
        address = dataschema(event, AT)
        answer = await client.get(address)
        assert answer.status_code == 200
        assert answer.content == (CONTRACTS / event.type / f"{event.schema_version}.json").read_bytes()
        assert answer.headers["content-type"] == "application/schema+json"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = await client.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_the_list_leads_to_each_and_to_no_other(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/schemas")).json()
    assert [one["type"] for one in listed["schemas"]] == [e.type for e in CATALOGUE if e.topic.public]
    for one in listed["schemas"]:
        for version in one["versions"]:
            schema = (await client.get(version["schema"])).json()
            assert (schema["title"], schema["x-version"], schema["x-public"]) == (one["type"], version["version"], True)


@pytest.mark.parametrize(
    "wrong",
    ["case.changed.v1/9.9", "notice.sent.v1/1.0", "..%2F..%2Fetc/passwd", "case.changed.v1/1.0.example", "x/1.0"],
)
async def test_what_is_not_published_is_told_with_what_is(client: httpx.AsyncClient, wrong: str) -> None:
    answer = await client.get(f"/schemas/{wrong}")
    assert answer.status_code == 404
    if answer.headers["content-type"] == "application/problem+json":
        assert f"{CaseChanged.type}/{CaseChanged.schema_version}" in answer.json()["errors"][0]["cure"]
    else:
        assert "%2F" in wrong, "a path that is no route has a page"


async def test_asyncapi_is_the_file_of_the_contract(client: httpx.AsyncClient) -> None:
    answer = await client.get("/asyncapi.json")
    kept = (CONTRACTS / "asyncapi.json").read_bytes()
    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(kept).digest()
    assert json.loads(answer.content)["asyncapi"] == "3.0.0"
