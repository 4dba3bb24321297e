"""Whoever asks for a token learns not who there is; what is handed in at the door lies on no disk in clear."""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import ECKey

from services.gateway.accounts import create_account
from services.gateway.people import assertions
from services.gateway.people.granting import BEARER_ASSERTION
from tests.support.door import URL, Door, a_door
from tests.support.gateway import Desk, make_desk
from tests.support.people import PASSWORD, browser, token_of, with_people
from tests.support.people import URL as HERE
from tests.support.stack import Migrated


@pytest.fixture
async def desk(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path)
    desk.parts = with_people(desk.parts)
    yield desk
    await desk.database.close()


@pytest.fixture
async def logins(desk: Desk) -> dict[str, str]:
    """A service with a secret, one with a key, one without either, a person, and nobody."""
    made = {kind: f"{kind}-{uuid4().hex[:8]}" for kind in ("secret", "key", "bare", "person", "nobody")}
    admin = f"admin-{uuid4().hex[:8]}"
    await create_account(desk.database, admin, PASSWORD, ["agency-admin"])
    await create_account(desk.database, made["person"], PASSWORD, ["reviewer"])
    async with browser(desk.parts) as client:
        client.headers.update(await token_of(client, admin))
        for kind in ("secret", "key", "bare"):
            answer = await client.post("/api/services", json={"login": made[kind], "scopes": ["read-cases"]})
            path = f"/api/services/{answer.json()['pseudonym']}/credentials"
            jwk = ECKey.generate_key("P-256").as_dict(private=False)
            if kind != "bare":
                given = await client.post(path, json={"jwk": jwk} if kind == "key" else {})
                assert given.status_code == 201, given.text
    return made


async def asked(desk: Desk, **shown: str) -> tuple[int, str, list[str]]:
    """The answer, and which statements the database heard."""
    heard: list[str] = []

    def hear(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        heard.append(statement)

    engine = desk.database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", hear)
    try:
        async with browser(desk.parts) as program:
            answer = await program.post("/api/token", data={"grant_type": "client_credentials", **shown})
    finally:
        sa.event.remove(engine, "before_cursor_execute", hear)
    return answer.status_code, answer.text, [one for one in heard if "set_config" not in one]


async def test_a_wrong_secret_is_answered_alike_whoever_is_named(desk: Desk, logins: dict[str, str]) -> None:
    told = {who: await asked(desk, client_id=login, client_secret="wrong") for who, login in logins.items()}
    assert told["nobody"][0] == 401
    assert {who: each for who, each in told.items() if each != told["nobody"]} == {}


async def test_a_wrong_assertion_is_answered_alike_whoever_is_named(
    desk: Desk, logins: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    read = assertions.read

    def noted(text: str, jwk: Mapping[str, Any]) -> jwt.Token | None:
        tried.append(jwk["alg"])
        return read(text, jwk)

    monkeypatch.setattr(assertions, "read", noted)
    key, now = ECKey.generate_key("P-256"), int(time.time())
    told = {}
    for who, login in logins.items():
        claims = {"iss": login, "sub": login, "aud": f"{HERE}/api/token", "exp": now + 60, "jti": uuid4().hex}
        signed = jwt.encode({"alg": "ES256"}, claims, key, ["ES256"])
        tried.clear()
        told[who] = await asked(desk, client_assertion_type=BEARER_ASSERTION, client_assertion=signed)
        assert tried.count("ES256") == 1, who
    assert told["nobody"][0] == 401
    assert {who: each for who, each in told.items() if each != told["nobody"]} == {}


@pytest.fixture
async def door(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Door]:
    async with a_door(migrated_once.dsn_for("gateway"), tmp_path) as door:
        yield door


async def test_a_document_of_the_largest_size_is_written_nowhere_in_clear(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, pin = await door.report(URL.format(f"whole-{uuid4().hex[:8]}"))
    page: httpx.Response = await door.status(number, pin)

    def none(*_: object, **__: object) -> None:
        raise AssertionError("a file on the disk")

    monkeypatch.setattr(tempfile, "TemporaryFile", none)
    largest = b"%PDF-1.7 stand-in ".ljust(2 * 1024 * 1024, b"0")
    assert "Handed in." in (await door.hand_in(page, largest)).text
