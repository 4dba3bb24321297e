"""Browsers of people and clients of programs before a gateway, for tests of who somebody is."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pyotp
import sqlalchemy as sa

from services.gateway.accounts import create_account
from services.gateway.parts import Parts
from services.gateway.people.parts import People
from services.gateway.throttle import LoginFailure
from services.gateway.web import application
from shared.clock import ManualClock
from tests.support.gateway import PASSWORD, Desk, make_desk
from tests.support.stack import Migrated

URL = "http://gateway.test"


def with_people(parts: Parts, **more: object) -> Parts:
    """The parts with other rules for people."""
    return replace(parts, people=replace(parts.people, url=URL, **more))  # type: ignore[arg-type]  # fields of People


@asynccontextmanager
async def house(migrated: Migrated, folder: Path, clock: ManualClock) -> AsyncIterator[Desk]:
    """A gateway whose people log in; at the end it forgets who failed to."""
    desk = make_desk(migrated.dsn_for("gateway"), folder, clock)
    desk.parts = with_people(desk.parts)
    yield desk
    async with desk.database.transaction() as tx:
        await tx.execute(sa.delete(LoginFailure))
    await desk.database.close()


async def reviewer(desk: Desk) -> str:
    """The login of a new one."""
    login = f"kim-{uuid4().hex[:8]}"
    await create_account(desk.database, login, PASSWORD, ["reviewer"])
    return login


@asynccontextmanager
async def browser(parts: Parts, address: str = "192.0.2.7") -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies, follows nothing by itself."""
    transport = httpx.ASGITransport(application(parts), client=(address, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url=URL, headers={"Accept-Language": "en"}) as client:
        yield client


def hidden(page: httpx.Response, name: str = "csrf") -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, f"no field {name} in {page.url}"
    return found[1]


async def log_in(client: httpx.AsyncClient, login: str, password: str = PASSWORD) -> httpx.Response:
    csrf = hidden(await client.get("/login"))
    return await client.post("/login", data={"csrf": csrf, "login": login, "password": password})


async def send(client: httpx.AsyncClient, page: str, to: str, **fields: object) -> httpx.Response:
    """Fill in the form of `page` that goes to `to`."""
    return await client.post(to, data={"csrf": hidden(await client.get(page)), **fields})


async def enrol(client: httpx.AsyncClient, now: datetime) -> tuple[str, list[str]]:
    """Through the page of the first log-in: the secret of the authenticator, and the recovery codes."""
    page = await client.get("/login/enrol")
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page.text)
    assert found, page.text
    secret = found[1].replace(" ", "")
    done = await client.post("/login/enrol", data={"csrf": hidden(page), "code": pyotp.TOTP(secret).at(now)})
    assert done.status_code == 200, done.text
    return secret, re.findall(r"<li><code>([^<]+)</code>", done.text)


async def token_of(client: httpx.AsyncClient, login: str, **more: str) -> dict[str, str]:
    """The header of somebody's program."""
    answer = await client.post("/api/login", json={"login": login, "password": PASSWORD, **more})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


__all__ = [
    "PASSWORD", "URL", "People", "browser", "enrol", "hidden", "house", "log_in", "reviewer", "send", "token_of",
    "with_people",
]  # fmt: skip
