"""The accounts of an agency: invited, changed, switched off; by pages and by the API, and never one's own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from services.gateway import history
from services.gateway.accounts import Account, create_account
from services.gateway.audit import ACCESS_CHAIN
from services.gateway.people import managing
from services.gateway.people.invitations import VALID_FOR
from services.gateway.people.store import SecondFactor
from services.gateway.problems import Problem
from services.gateway.sessions import Visitor
from shared.clock import ManualClock
from shared.database import Database
from tests.support.gateway import Desk, make_desk
from tests.support.people import PASSWORD, URL, browser, hidden, house, log_in, send, token_of
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
async def admin(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """An admin's browser."""
    login = name()
    await create_account(desk.database, login, PASSWORD, ["agency-admin"])
    async with browser(desk.parts) as client:
        assert (await log_in(client, login)).headers["location"] == "/me"
        client.headers["X-CSRF-Token"] = hidden(await client.get("/people"))
        yield client


def name() -> str:
    return f"n{uuid4().hex[:8]}"


async def pseudonym_of(desk: Desk, login: str) -> str:
    async with desk.database.transaction() as tx:
        account = await tx.get(Account, login)
    assert account is not None
    return account.pseudonym


async def actions(desk: Desk) -> list[str]:
    async with desk.database.transaction() as tx:
        lines, broken = await history.read(tx, ACCESS_CHAIN)
    assert broken is None
    return [line.action for line in lines]


async def test_somebody_is_invited_by_page_and_chooses_a_password_once(
    desk: Desk, admin: httpx.AsyncClient, clock: ManualClock
) -> None:
    login = name()
    made = await send(admin, "/people", "/people", login=login, name="Ha <Rang>", roles=["reviewer", "viewer"])
    link = re.search(rf"{URL}(/invitation/[\w-]+)<", made.text)
    assert link, made.text
    assert "Ha &lt;Rang&gt;" in (await admin.get("/people")).text
    async with browser(desk.parts) as guest:
        short = await send(guest, link[1], link[1], password="short", again="short")
        differ = await send(guest, link[1], link[1], password=NEW, again=NEW + "!")
        assert (short.status_code, differ.status_code) == (422, 422)
        assert (await send(guest, link[1], link[1], password=NEW, again=NEW)).headers["location"] == "/login"
        assert (await guest.get(link[1])).status_code == 404  # once
        assert (await log_in(guest, login, NEW)).status_code == 303
    pseudonym = await pseudonym_of(desk, login)
    again = await send(admin, f"/people/{pseudonym}", f"/people/{pseudonym}/invitation")
    late = re.search(rf"{URL}(/invitation/[\w-]+)<", again.text)
    assert late
    clock.advance(VALID_FOR.total_seconds())
    async with browser(desk.parts) as guest:
        assert (await guest.get(late[1])).status_code == 404
    assert {"account-created", "account-invited", "password-changed", "people-seen"} <= set(await actions(desk))


async def test_roles_end_sessions_and_nobody_changes_their_own(desk: Desk, admin: httpx.AsyncClient) -> None:
    login = name()
    await create_account(desk.database, login, PASSWORD, ["reviewer"])
    pseudonym = await pseudonym_of(desk, login)
    async with browser(desk.parts) as person:
        await log_in(person, login)
        for path in ("/people", f"/people/{pseudonym}", "/api/people"):
            proof = {"X-CSRF-Token": hidden(await person.get("/me"))}
            assert (await person.get(path, headers=proof)).status_code == 403
        page = f"/people/{pseudonym}"
        assert (await send(admin, page, f"{page}/roles", roles=["senior-reviewer"])).status_code == 303
        assert (await person.get("/me")).status_code == 303
    refused = await admin.post(f"/api/people/{pseudonym}/roles", json={"roles": ["service"]})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "bad-roles")
    mine = (await admin.get("/api/me")).json()["pseudonym"]
    for path, given in (("roles", {"roles": ["supervisor"]}), ("off", None), ("second-factor/reset", None)):
        refused = await admin.post(f"/api/people/{mine}/{path}", json=given)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "not-oneself")
    assert "somebody else" in (await admin.get(f"/people/{mine}")).text


async def test_switched_off_is_out_and_back_when_switched_on(desk: Desk, admin: httpx.AsyncClient) -> None:
    login = name()
    await create_account(desk.database, login, PASSWORD, ["reviewer"])
    pseudonym = await pseudonym_of(desk, login)
    async with browser(desk.parts) as person:
        headers = await token_of(person, login)
        assert (await send(admin, f"/people/{pseudonym}", f"/people/{pseudonym}/change/off")).status_code == 303
        assert (await person.get("/api/me", headers=headers)).status_code == 401
        assert (await log_in(person, login)).status_code == 401  # told nothing, as for a wrong password
        assert (await admin.post(f"/api/people/{pseudonym}/on")).status_code == 204
        assert (await log_in(person, login)).status_code == 303


async def test_a_lost_second_factor_is_reset_by_another_one(desk: Desk, admin: httpx.AsyncClient) -> None:
    login = name()
    await create_account(desk.database, login, PASSWORD, ["reviewer"])
    async with desk.database.transaction() as tx:
        account = await tx.get(Account, login)
        assert account is not None
        sealed = desk.parts.people.seal.seal(login, "GEZDGNBVGY3TQOJQ")
        tx.add(SecondFactor(login=login, sealed=sealed, last_step=0, confirmed_at=tx.clock.now()))
    async with browser(desk.parts) as person:
        assert (await log_in(person, login)).headers["location"] == "/login/code"
        page = f"/people/{account.pseudonym}"
        assert (await send(admin, page, f"{page}/change/second-factor")).status_code == 303
        assert (await log_in(person, login)).headers["location"] == "/"
    assert "second-factor-reset" in await actions(desk)


async def test_accounts_of_another_agency_are_not_there(
    desk: Desk, admin: httpx.AsyncClient, migrated_once: Migrated
) -> None:
    login, agency = name(), f"a{uuid4().hex[:6]}"
    owner = Database(migrated_once.owner_url, "/haetae/gateway", schema="gateway")
    async with owner.transaction() as tx:
        await tx.execute(
            sa.text("INSERT INTO agencies VALUES (:a, 'Port', '{en}', '', '{}', 9, now(), now())").bindparams(a=agency)
        )
    await create_account(owner, login, PASSWORD, ["reviewer"], agency=agency)
    await owner.close()
    async with desk.database.scoped({"haetae.agency": ""}).transaction() as tx:
        account = await tx.get(Account, login)
    assert account is not None
    for path in ("roles", "off", "on", "second-factor/reset", "invitation"):
        given = {"roles": ["viewer"]} if path == "roles" else None
        assert (await admin.post(f"/api/people/{account.pseudonym}/{path}", json=given)).status_code == 404
    assert (await admin.get(f"/people/{account.pseudonym}")).status_code == 404
    assert login not in (await admin.get("/people")).text
    taken = await send(admin, "/people", "/people", login=login, roles="viewer")
    assert taken.status_code == 409


async def test_two_admins_who_switch_each_other_off_at_once_leave_one(migrated: Migrated, tmp_path: Path) -> None:
    desk = make_desk(migrated.dsn_for("gateway"), tmp_path)
    both = [name(), name()]
    for login in both:
        await create_account(desk.database, login, PASSWORD, ["agency-admin"])
    here = asyncio.Barrier(2)

    async def switch_off(mine: str, other: str) -> str:
        async with desk.database.transaction() as tx:
            actor = await tx.get(Account, mine)
            await here.wait()
            account = await managing.member(tx, "home", await pseudonym_of(desk, other))
            try:
                await managing.switch_off(tx, account, actor)
            except Problem as problem:
                return problem.code
        return "done"

    results = await asyncio.gather(switch_off(both[0], both[1]), switch_off(both[1], both[0]), return_exceptions=True)
    async with desk.database.transaction() as tx:
        left = await managing.admins(tx, "home")
    assert len(left) == 1, results
    await desk.database.close()


async def test_ones_own_password_sessions_and_second_factor(desk: Desk, clock: ManualClock) -> None:
    login = name()
    await create_account(desk.database, login, PASSWORD, ["reviewer"])
    async with browser(desk.parts) as here, browser(desk.parts) as there:
        await log_in(here, login)
        await log_in(there, login)
        sessions = (await here.get("/api/me")).json()["sessions"]
        other = next(one["session_id"] for one in sessions if not one["this"])
        assert (await send(here, "/me", f"/me/sessions/{other}/end")).status_code == 303
        assert (await there.get("/me")).status_code == 303
        assert (await send(here, "/me", f"/me/sessions/{uuid4()}/end")).status_code == 404
        await log_in(there, login)
        assert (await send(here, "/me", "/me/password", former="wrong", password=NEW, again=NEW)).status_code == 401
        changed = await send(here, "/me", "/me/password", former=PASSWORD, password=NEW, again=NEW)
        assert (changed.status_code, (await here.get("/me")).status_code) == (303, 200)
        assert (await there.get("/me")).status_code == 303
        clock.advance(3000)
        assert "/me/again" in (await send(here, "/me", "/me/second-factor")).headers["location"]
        csrf = {"X-CSRF-Token": hidden(await here.get("/me"))}
        stale = await here.post("/api/me/second-factor", headers=csrf)
        assert (stale.status_code, stale.json()["errors"][0]["code"]) == (403, "not-fresh")
        proved = await send(here, "/me/again?next=/me", "/me/again", password=NEW, next="/me")
        assert proved.headers["location"] == "/me"
        await send(here, "/me", "/me/second-factor")
        page = await here.get("/me/second-factor")
        assert (page.status_code, (await here.get("/me/second-factor/qr.svg")).status_code) == (200, 200)


async def test_who_somebody_is_never_stands_in_a_visitors_representation() -> None:
    visitor = Visitor(Account(login="kim"), "a-secret-token", True)
    assert "a-secret-token" not in repr(visitor)
