"""What somebody tries who wants to be somebody else: each of these got further than it should, once."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pyotp
import pytest
import sqlalchemy as sa

from services.gateway import accounts, throttle
from services.gateway.accounts import create_account
from services.gateway.people import invitations
from services.gateway.people.granting import BEARER_ASSERTION
from services.gateway.people.store import Invitation
from services.gateway.requests import local_path
from shared.clock import ManualClock
from tests.support.gateway import Desk
from tests.support.people import PASSWORD, browser, enrol, hidden, house, log_in, reviewer, send, token_of, with_people
from tests.support.stack import Migrated

NEW = "another harbour entirely"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 1, 9, tzinfo=UTC))


@pytest.fixture
async def desk(migrated_once: Migrated, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Desk]:
    async with house(migrated_once, tmp_path, clock) as desk:
        yield desk


@pytest.fixture
async def kim(desk: Desk) -> str:
    return await reviewer(desk)


async def test_a_login_that_was_begun_with_the_former_password_ends_with_it(
    desk: Desk, clock: ManualClock, kim: str
) -> None:
    parts = with_people(desk.parts, second_factor=True)
    async with browser(parts) as first, browser(parts) as thief:
        await log_in(first, kim)
        secret, _ = await enrol(first, clock.now())
        clock.advance(60)
        assert (await log_in(thief, kim)).headers["location"] == "/login/code"
        page = await thief.get("/login/code")
        await accounts.set_password(desk.database, kim, NEW)
        code = pyotp.TOTP(secret).at(clock.now())
        late = await thief.post("/login/code", data={"csrf": hidden(page), "code": code})
        assert (late.status_code, late.headers["location"]) == (303, "/login")


async def test_a_link_that_nobody_used_ends_when_the_password_is_changed(desk: Desk, kim: str) -> None:
    async with desk.database.transaction() as tx:
        account = await tx.get(accounts.Account, kim)
        assert account is not None
        await invitations.invite(tx, account, "command-line")
    await accounts.set_password(desk.database, kim, NEW)
    async with desk.database.transaction() as tx:
        assert await tx.scalar(sa.select(sa.func.count()).where(Invitation.login == kim)) == 0


async def test_one_house_with_ipv6_is_one_place(desk: Desk, kim: str) -> None:
    async def guess(address: str) -> int:
        async with browser(desk.parts, address) as client:
            return (await client.post("/api/login", json={"login": kim, "password": "a guess"})).status_code

    for last in range(throttle.MAX_PAIR):
        assert await guess(f"2001:db8:1:2::{last:x}") == 401
    assert await guess("2001:db8:1:2:ffff::1") == 429
    assert await guess("2001:db8:1:3::1") == 401
    assert await guess("::ffff:192.0.2.9") == 401


async def test_what_is_typed_as_a_login_is_kept_nowhere(desk: Desk) -> None:
    typed = "my password in the wrong field " * 8_000
    async with browser(desk.parts) as client:
        assert (await log_in(client, typed)).status_code == 401
    async with desk.database.transaction() as tx:
        rows = await tx.scalars(sa.select(throttle.LoginFailure.login))
        assert [len(row) for row in rows] == [64]


@pytest.mark.parametrize("name", ["\0", "\ud800", "a\0b"])
async def test_names_that_no_database_keeps_are_no_fault_of_ours(desk: Desk, name: str) -> None:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    signed = f"{part({'alg': 'ES256'})}.{part({'sub': name})}.{part('x')}"
    form = {"grant_type": "client_credentials", "client_assertion": signed, "client_assertion_type": BEARER_ASSERTION}
    hexed = "".join(f"%{byte:02x}" for byte in name.encode("utf-8", "surrogatepass"))
    shown = base64.b64encode(f"{hexed}:x".encode())
    async with browser(desk.parts) as client:
        assert (await client.post("/api/token", data=form)).json()["error"] == "invalid_client"
        basic = {"Authorization": f"Basic {shown.decode()}"}
        answer = await client.post("/api/token", data={"grant_type": "client_credentials"}, headers=basic)
        assert answer.status_code in (400, 401)
        answer = await client.post("/api/login", content=json.dumps({"login": name, "password": "x"}))
        assert answer.status_code in (401, 422, 415)


async def test_an_admin_who_is_lost_finds_back(desk: Desk, kim: str) -> None:
    admin = f"adm-{uuid4().hex[:8]}"
    await create_account(desk.database, admin, PASSWORD, ["agency-admin"])
    async with browser(desk.parts) as client:
        assert (await log_in(client, admin)).status_code == 303
        assert (await client.get("/people/%00")).status_code == 404
        assert (await client.get("/people?after=%00")).status_code == 200
        lost = await client.get("/")  # no case for her: the page leads to where she may be
        assert (lost.status_code, 'class="button" href="/me"' in lost.text) == (403, True)
        assert (await client.get("/login")).headers["location"] == "/me"
        api = await token_of(client, admin)
        assert (await client.post("/api/people/%00/off", headers=api)).status_code == 404


async def test_whoever_found_the_screen_of_an_admin_changes_nobody(desk: Desk, clock: ManualClock, kim: str) -> None:
    admin = f"adm-{uuid4().hex[:8]}"
    await create_account(desk.database, admin, PASSWORD, ["agency-admin"])
    async with browser(desk.parts) as client:
        api = await token_of(client, admin)
        await log_in(client, admin)
        clock.advance(11 * 60)
        fields = {"login": f"own-{uuid4().hex[:8]}", "roles": "supervisor"}
        asked = await send(client, "/people", "/people", **fields)
        assert asked.headers["location"] == "/me/again?next=%2Fpeople"
        refused = await client.post("/api/people", json={**fields, "roles": ["viewer"]}, headers=api)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "not-fresh")
        assert (await client.get("/api/people", headers=api)).status_code == 200
        assert (await client.post("/api/me/again", json={"password": PASSWORD}, headers=api)).status_code == 204
        assert (await client.post("/api/people", json={**fields, "roles": ["viewer"]}, headers=api)).status_code == 201


def test_where_somebody_goes_on_to_is_no_store() -> None:
    assert local_path("/" + "x" * 100_000) == "/"


async def test_a_secret_that_waits_is_shown_to_whoever_proved_who_they_are(
    desk: Desk, clock: ManualClock, kim: str
) -> None:
    async with browser(desk.parts) as client:
        await log_in(client, kim)
        await send(client, "/me", "/me/second-factor")
        assert (await client.get("/me/second-factor")).status_code == 200
        clock.advance(11 * 60)
        assert (await client.get("/me/second-factor")).status_code == 303
        assert (await client.get("/me/second-factor/qr.svg")).headers["location"] == "/me/again?next=%2Fme"
