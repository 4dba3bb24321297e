"""People of a gateway for tests: an account and an open session each, without the log-in (which costs a hash)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import psycopg
from starlette.types import ASGIApp

from deploy.local.access import libpq_url
from services.gateway.accounts import enter
from services.gateway.requests import CSRF_HEADER
from services.gateway.sessions import Kind, open_session, within
from services.gateway.throttle import Knock
from services.gateway.tokens import csrf_token
from tests.support.gateway import Desk

BASE = "http://gateway.test"


def add_agency(owner_url: str, agency: str, takes: str = "{}") -> None:
    with psycopg.connect(libpq_url(owner_url), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO gateway.agencies VALUES (%s, initcap(%s), '{en}', '', %s, 1, now(), now()) "
            "ON CONFLICT DO NOTHING",
            [agency, agency, takes],
        )


async def seat(
    desk: Desk,
    login: str,
    role: str,
    agency: str = "home",
    *,
    scripted: bool = False,
    scopes: Sequence[str] | None = None,
    kind: Kind = Kind.PROGRAM,
) -> str:
    """The token of a new account's session."""
    async with desk.database.transaction() as tx:
        account = await enter(tx, login, [role], "test", agency=agency, scripted=scripted, scopes=scopes)
    async with within(desk.database, account).transaction() as tx:
        return (await open_session(tx, account, kind, Knock("127.0.0.1"), scopes=scopes)).token


@asynccontextmanager
async def program(app: ASGIApp, token: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, headers=headers) as client:
        yield client


@asynccontextmanager
async def browser(app: ASGIApp, token: str, *, proves: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """One that holds the cookie; `proves`: its requests come from our pages."""
    headers = {"Accept-Language": "en"} | ({CSRF_HEADER: csrf_token(token)} if proves else {})
    cookies = {"haetae_session": token}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=BASE, headers=headers, cookies=cookies
    ) as client:
        yield client
