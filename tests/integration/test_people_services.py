"""Programs with scopes: client credentials and signed assertions, as OAuth clients send them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from services.gateway.accounts import create_account
from services.gateway.people.granting import BEARER_ASSERTION
from services.gateway.people.rules import FOR_SERVICES
from tests.support.gateway import Desk, make_desk
from tests.support.people import PASSWORD, URL, browser, hidden, log_in, send, token_of, with_people
from tests.support.stack import Migrated

SCOPES = ["read-cases", "submit-hashes"]
AUDIENCE = f"{URL}/api/token"


@pytest.fixture
async def desk(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path)
    desk.parts = with_people(desk.parts)
    yield desk
    await desk.database.close()


@pytest.fixture
async def api(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """An admin's program."""
    login = f"admin-{uuid4().hex[:8]}"
    await create_account(desk.database, login, PASSWORD, ["agency-admin"])
    async with browser(desk.parts) as client:
        client.headers.update(await token_of(client, login))
        yield client


@pytest.fixture
async def program(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(desk.parts) as client:
        yield client


async def add(api: httpx.AsyncClient, scopes: list[str] | None = None) -> tuple[str, str]:
    """A service: its client_id and its pseudonym."""
    login = f"svc:{uuid4().hex[:8]}".replace(":", "-")
    made = await api.post("/api/services", json={"login": login, "scopes": scopes or SCOPES})
    assert made.status_code == 201, made.text
    return login, made.json()["pseudonym"]


async def secret_of(api: httpx.AsyncClient, pseudonym: str) -> tuple[str, str]:
    made = await api.post(f"/api/services/{pseudonym}/credentials", json={})
    assert made.status_code == 201, made.text
    return made.json()["credential_id"], made.json()["secret"]


async def grant(program: httpx.AsyncClient, **fields: str) -> httpx.Response:
    return await program.post("/api/token", data={"grant_type": "client_credentials", **fields})


def basic(login: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{login}:{secret}".encode()).decode()}


async def test_a_secret_buys_a_token_with_no_more_than_the_scopes(
    api: httpx.AsyncClient, program: httpx.AsyncClient
) -> None:
    login, pseudonym = await add(api)
    credential_id, secret = await secret_of(api, pseudonym)
    listed = (await api.get(f"/api/services/{pseudonym}/credentials")).json()["items"]
    assert [(one["credential_id"], one["secret"]) for one in listed] == [(credential_id, None)]  # told once
    answer = await grant(program, client_id=login, client_secret=secret)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    told = answer.json()
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 900, " ".join(SCOPES))
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    assert (await program.get("/api/cases", headers=bearer)).status_code == 200
    for path in ("/api/people", "/api/me", "/api/audit"):
        assert (await program.get(path, headers=bearer)).status_code == 403
    narrow = await program.post(
        "/api/token", data={"grant_type": "client_credentials", "scope": "submit-hashes"}, headers=basic(login, secret)
    )
    bearer = {"Authorization": f"Bearer {narrow.json()['access_token']}"}
    assert (await program.get("/api/cases", headers=bearer)).status_code == 403
    ended = await api.post(f"/api/services/{pseudonym}/credentials/{credential_id}/end")
    assert ended.status_code == 204
    assert (await grant(program, client_id=login, client_secret=secret)).status_code == 401
    assert (await program.get("/api/cases", headers=bearer)).status_code == 401


async def test_refusals_are_those_of_rfc_6749(api: httpx.AsyncClient, program: httpx.AsyncClient) -> None:
    login, pseudonym = await add(api)
    _, secret = await secret_of(api, pseudonym)
    right = {"client_id": login, "client_secret": secret}
    for fields, status, error in (
        ({**right, "grant_type": "password"}, 400, "unsupported_grant_type"),
        ({**right, "client_secret": "wrong"}, 401, "invalid_client"),
        ({**right, "client_id": "nobody"}, 401, "invalid_client"),
        ({**right, "scope": "manage-people"}, 400, "invalid_scope"),
        ({**right, "client_assertion": "x"}, 400, "invalid_request"),
        ({}, 400, "invalid_request"),
        ({"client_assertion": "x", "client_assertion_type": BEARER_ASSERTION}, 401, "invalid_client"),
        ({"client_assertion": "x", "client_assertion_type": "other"}, 400, "invalid_request"),
    ):
        answer = await grant(program, **fields)  # type: ignore[arg-type]  # each a dict of texts
        assert (answer.status_code, answer.json()["error"]) == (status, error), fields
    twice = await program.post("/api/token", content="grant_type=client_credentials&grant_type=x",
                               headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert twice.json()["error"] == "invalid_request"
    for wrong in (b"no colon", b"\xff:\xff", b"a\0:b"):
        headers = {"Authorization": "Basic " + base64.b64encode(wrong).decode()}
        answer = await program.post("/api/token", data={"grant_type": "client_credentials"}, headers=headers)
        assert answer.status_code == 400
    person = await grant(program, client_id="kim", client_secret=PASSWORD)
    assert person.status_code == 401  # people have no client credentials


def assertion(login: str, key: Any, alg: str, **other: object) -> str:
    now = int(time.time())
    claims = {"iss": login, "sub": login, "aud": AUDIENCE, "exp": now + 60, "iat": now, "jti": uuid4().hex, **other}
    return jwt.encode({"alg": alg}, {k: v for k, v in claims.items() if v is not None}, key, [alg])


async def show(program: httpx.AsyncClient, signed: str) -> httpx.Response:
    return await grant(program, client_assertion_type=BEARER_ASSERTION, client_assertion=signed)


async def test_a_key_signs_assertions_that_count_once_and_briefly(
    api: httpx.AsyncClient, program: httpx.AsyncClient
) -> None:
    login, pseudonym = await add(api)
    other, _ = await add(api)
    elliptic, edwards = ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")
    keys = {"ES256": elliptic, "RS256": RSAKey.generate_key(2048), "EdDSA": edwards}
    for alg, key in keys.items():
        made = await api.post(f"/api/services/{pseudonym}/credentials", json={"jwk": key.as_dict(private=False)})
        assert made.status_code == 201, made.text
        signed = assertion(login, key, alg)
        assert (await show(program, signed)).status_code == 200, alg
        assert (await show(program, signed)).json()["error"] == "invalid_client"  # once
    key, now = keys["ES256"], int(time.time())
    for why, wrong in {
        "another audience": {"aud": "https://elsewhere.test/token"},
        "another issuer": {"iss": other},
        "expired": {"exp": now - 120},
        "no end": {"exp": None},
        "an end far ahead": {"exp": now + 3600},
        "not yet": {"nbf": now + 3600},
        "no jti": {"jti": None},
        "a long jti": {"jti": "j" * 300},
        "a boolean end": {"exp": True},
        "no audience": {"aud": None},
    }.items():
        assert (await show(program, assertion(login, key, "ES256", **wrong))).status_code == 401, why
    assert (await show(program, assertion(other, key, "ES256"))).status_code == 401  # of a service without that key
    stranger = ECKey.generate_key("P-256")
    assert (await show(program, assertion(login, stranger, "ES256"))).status_code == 401
    unsigned = "eyJhbGciOiJub25lIn0." + assertion(login, key, "ES256").split(".")[1] + "."
    assert (await show(program, unsigned)).status_code == 401


async def test_weak_and_private_keys_are_refused(api: httpx.AsyncClient) -> None:
    _, pseudonym = await add(api)
    path = f"/api/services/{pseudonym}/credentials"
    small = RSAKey.generate_key(1024, auto_kid=False).as_dict(private=False)
    other, nowhere = ECKey.generate_key("secp256k1"), {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}
    for jwk in (small, other.as_dict(private=False), nowhere):
        refused = await api.post(path, json={"jwk": jwk})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "bad-key")
    assert (await api.post(path, json={"jwk": ECKey.generate_key("P-256").as_dict(private=True)})).status_code == 422
    assert (await api.post(path, json={"jwk": {"kty": "oct", "k": "AAAA"}})).status_code == 422
    for _ in range(5):
        await secret_of(api, pseudonym)
    assert (await api.post(path, json={})).json()["errors"][0]["code"] == "many-credentials"


async def test_scopes_are_those_of_programs_and_changing_them_ends_tokens(
    api: httpx.AsyncClient, program: httpx.AsyncClient
) -> None:
    assert not {"manage-people", "decide-cases", "unblur-pictures", "own-settings"} & {*FOR_SERVICES}
    refused = await api.post("/api/services", json={"login": "svc-x", "scopes": ["decide-cases"]})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "bad-scopes")
    login, pseudonym = await add(api)
    _, secret = await secret_of(api, pseudonym)
    told = (await grant(program, client_id=login, client_secret=secret)).json()
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    assert (await api.post(f"/api/services/{pseudonym}/scopes", json={"scopes": ["read-alerts"]})).status_code == 204
    assert (await program.get("/api/cases", headers=bearer)).status_code == 401
    assert (await api.post(f"/api/people/{pseudonym}/roles", json={"roles": ["viewer"]})).status_code == 409
    assert (await api.post(f"/api/people/{pseudonym}/invitation")).status_code == 409


async def test_the_pages_do_the_same(desk: Desk) -> None:
    admin, login = f"admin-{uuid4().hex[:8]}", f"svc-{uuid4().hex[:8]}"
    await create_account(desk.database, admin, PASSWORD, ["agency-admin"])
    async with browser(desk.parts) as client:
        await log_in(client, admin)
        made = await send(client, "/people", "/people/services", login=login, name="", scopes=SCOPES)
        page = made.headers["location"]
        assert (await send(client, page, f"{page}/credentials", days="x")).status_code == 422
        told = await send(client, page, f"{page}/credentials", days="30")
        secret = told.text.partition('class="secret">')[2].partition("<")[0]
        assert (await grant(client, client_id=login, client_secret=secret)).status_code == 200
        jwk = json.dumps(ECKey.generate_key("P-256").as_dict(private=False))
        assert (await send(client, page, f"{page}/credentials", days="30", jwk=jwk)).headers["location"] == page
        assert (await send(client, page, f"{page}/credentials", days="30", jwk="[" * 9_000)).status_code == 422
        shown = await client.get(page)
        ended = shown.text.partition(f'action="{page}/credentials/')[2].partition("/")[0]
        assert (await send(client, page, f"{page}/credentials/{ended}/end")).status_code == 303
        assert (await grant(client, client_id=login, client_secret=secret)).status_code == 401
        assert (await send(client, page, f"{page}/scopes", scopes=["read-alerts"])).status_code == 303
        assert hidden(await client.get(page))
