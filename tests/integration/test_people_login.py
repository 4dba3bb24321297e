"""Logging in: second factors, recovery codes, guessing, sessions that end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pyotp
import pytest
import sqlalchemy as sa

from services.gateway import sessions, throttle
from services.gateway.accounts import create_account
from services.gateway.people import factors
from services.gateway.people.rates import OFFICE, Rates
from services.gateway.people.sealing import Seal
from services.gateway.people.store import SecondFactor
from services.gateway.problems import Problem
from services.gateway.throttle import Knock
from services.gateway.tokens import digest
from shared.clock import ManualClock
from tests.support.gateway import Desk
from tests.support.people import PASSWORD, browser, enrol, hidden, house, log_in, reviewer, send, token_of, with_people
from tests.support.stack import Migrated

REQUIRED = {"second_factor": True}


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


async def test_the_first_login_sets_up_a_second_factor_and_the_next_asks_for_it(
    desk: Desk, clock: ManualClock, kim: str
) -> None:
    parts = with_people(desk.parts, **REQUIRED)
    async with browser(parts) as first:
        assert (await log_in(first, kim)).headers["location"] == "/login/enrol"
        assert (await first.get("/")).status_code == 303  # a password alone is no session
        picture = await first.get("/login/enrol/qr.svg")
        assert picture.headers["content-type"] == "image/svg+xml"
        assert b"<script" not in picture.content
        assert b"style" not in picture.content
        secret, codes = await enrol(first, clock.now())
        assert len(set(codes)) == factors.RECOVERY_CODES
        assert (await first.get("/")).status_code == 200
    async with desk.database.transaction() as tx:
        factor = await tx.get(SecondFactor, kim)
        assert factor is not None
        assert secret.encode() not in (factor.sealed or b"")
    clock.advance(60)
    async with browser(parts) as second:
        assert (await log_in(second, kim)).headers["location"] == "/login/code"
        assert (await second.get("/")).status_code == 303
        wrong = await send(second, "/login/code", "/login/code", code="000000")
        assert (wrong.status_code, "does not count" in wrong.text) == (401, True)
        code = pyotp.TOTP(secret).at(clock.now())
        assert (await send(second, "/login/code", "/login/code", code=code)).headers["location"] == "/"
        assert (await second.get("/")).status_code == 200
    async with browser(parts) as thief:  # who read the code over the shoulder
        await log_in(thief, kim)
        assert (await send(thief, "/login/code", "/login/code", code=code)).status_code == 401
        assert (await send(thief, "/login/code", "/login/code", code=codes[0].upper())).status_code == 303
    async with browser(parts) as again:
        await log_in(again, kim)
        assert (await send(again, "/login/code", "/login/code", code=codes[0])).status_code == 401  # once


async def test_programs_of_people_show_a_code_and_those_marked_as_programs_do_not(
    desk: Desk, clock: ManualClock, kim: str
) -> None:
    script = f"script-{uuid4().hex[:8]}"
    await create_account(desk.database, script, PASSWORD, ["reviewer"], scripted=True)
    async with browser(with_people(desk.parts, **REQUIRED)) as api:
        await token_of(api, script)
        refused = await api.post("/api/login", json={"login": kim, "password": PASSWORD})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "enrol-first")
        await log_in(api, kim)
        secret, _ = await enrol(api, clock.now())
        clock.advance(60)
        refused = await api.post("/api/login", json={"login": kim, "password": PASSWORD})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (401, "code-needed")
        await token_of(api, kim, code=pyotp.TOTP(secret).at(clock.now()))


async def test_codes_count_a_step_before_and_after_and_no_further() -> None:
    secret, now = pyotp.random_base32(), datetime(2026, 3, 1, 9, 0, 15, tzinfo=UTC)
    at = [now + timedelta(seconds=30 * step) for step in (-2, -1, 0, 1, 2)]
    found = [factors.step_of(secret, pyotp.TOTP(secret).at(moment), now) is not None for moment in at]
    assert found == [False, True, True, True, False]
    assert factors.step_of(secret, "١٢٣٤٥٦", now) is None
    assert factors.recovery_digest("AB2-cd 3") == factors.recovery_digest("ab2cd3")


async def test_a_secret_moved_to_another_account_or_sealed_with_another_key_opens_nothing() -> None:
    seal = Seal(b"k" * 32)
    sealed = seal.seal("kim", "GEZDGNBV")
    assert seal.open("kim", sealed) == "GEZDGNBV"
    for other, login in ((seal, "lee"), (Seal(b"o" * 32), "kim")):
        with pytest.raises(Problem, match="factor-unreadable"):
            factors.opened(other, login, sealed)
    assert Seal(b"n" * 32, [b"o" * 32, b"k" * 32]).open("kim", sealed) == "GEZDGNBV", "after a change of keys"


async def test_strangers_lock_nobody_out_of_a_browser_that_is_known(desk: Desk, kim: str) -> None:
    shared = "198.51.100.9"  # the address of an office, or of a proxy
    async with browser(desk.parts, shared) as own:
        assert (await log_in(own, kim)).status_code == 303
        token = hidden(await own.get("/me"))
        await own.post("/logout", data={"csrf": token})
        async with browser(desk.parts, shared) as stranger:
            for _ in range(throttle.MAX_PAIR):
                assert (await log_in(stranger, kim, "guessed, wrongly")).status_code == 401
            refused = await log_in(stranger, kim)
            assert (refused.status_code, int(refused.headers["retry-after"]) <= 900) == (429, True)
        assert (await log_in(own, kim)).status_code == 303  # the same address, another place


async def test_an_address_that_tries_many_waits_and_is_not_locked_out(desk: Desk, clock: ManualClock, kim: str) -> None:
    address = "198.51.100.77"
    async with desk.database.transaction() as tx:
        rows = [{"login": digest(f"n{n}"), "address": address, "at": clock.now()} for n in range(throttle.MAX_ADDRESS)]
        await tx.execute(sa.insert(throttle.LoginFailure), rows)
    async with desk.database.transaction() as tx:
        slowed = await throttle.admit(tx, kim, Knock(address))
        free = await throttle.admit(tx, kim, Knock("198.51.100.78"))
    assert (slowed.slowed, free.slowed) == (True, False)


async def test_many_strangers_guess_one_password_in_vain_and_the_known_browser_gets_in(desk: Desk, kim: str) -> None:
    async with browser(desk.parts, "198.51.100.2") as own:
        await log_in(own, kim)
        async with desk.database.transaction() as tx:
            rows = [
                {"login": digest(kim), "address": f"203.0.113.{n}", "at": tx.clock.now()}
                for n in range(throttle.MAX_LOGIN)
            ]
            await tx.execute(sa.insert(throttle.LoginFailure), rows)
        async with browser(desk.parts, "203.0.113.200") as stranger:
            assert (await log_in(stranger, kim)).status_code == 429
        own.cookies.delete("haetae_session")
        assert (await log_in(own, kim)).status_code == 303


async def test_a_browser_that_somebody_left_is_logged_out_and_a_polling_page_does_not_hold_it_open(
    desk: Desk, clock: ManualClock, kim: str
) -> None:
    async with browser(desk.parts) as left:
        await log_in(left, kim)
        headers = await token_of(left, kim)
        for _ in range(6):
            clock.advance(sessions.IDLE.total_seconds() / 4)
            polled = await left.get("/me", headers={"X-Haetae-Passive": "1"})
        assert polled.status_code == 303
        assert (await left.get("/api/me", headers=headers)).status_code == 200  # a program is no screen
        await log_in(left, kim)
        for _ in range(6):
            clock.advance(sessions.IDLE.total_seconds() / 2)
            assert (await left.get("/me")).status_code == 200
        clock.advance(sessions.LIFETIME.total_seconds())
        assert (await left.get("/me")).status_code == 303


async def test_a_session_begins_under_a_name_that_nobody_could_plant(desk: Desk, kim: str) -> None:
    async with browser(desk.parts) as client:
        client.cookies.set("haetae_session", "planted", domain="gateway.test")
        await log_in(client, kim)
        fresh = [cookie.value for cookie in client.cookies.jar if cookie.name == "haetae_session"]
        assert "planted" not in fresh


async def test_requests_of_one_holder_are_counted_and_told_when_to_come_again(desk: Desk, kim: str) -> None:
    async with browser(with_people(desk.parts, rates=Rates(5))) as client:
        headers = await token_of(client, kim)
        answers = [await client.get("/api/me", headers=headers) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        made_up = [{"Authorization": f"Bearer made-up-{n}"} for n in range(5 * OFFICE)]
        others = [(await client.get("/api/me", headers=one)).status_code for one in made_up]
        assert {*others} == {401, 429}  # made-up tokens share their address
