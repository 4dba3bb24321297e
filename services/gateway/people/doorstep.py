"""Between the right password and an open session: what else somebody owes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import sqlalchemy as sa

from services.gateway import throttle
from services.gateway.accounts import Account
from services.gateway.people import factors
from services.gateway.people.parts import People
from services.gateway.people.store import Challenge
from services.gateway.problems import Problem
from services.gateway.sessions import Kind, Opened, check_password, open_session, unchanged, within
from services.gateway.throttle import Knock
from services.gateway.tokens import digest, new_token
from shared.database import Database, Transaction

OPEN_FOR = timedelta(minutes=15)  # to find the telephone, and to set an authenticator up at the first log-in


class Wants(StrEnum):
    CODE = "code"
    ENROL = "enrol"


@dataclass(frozen=True)
class Challenged:
    """Not logged in: the holder of `token` owes `wants`."""

    token: str
    wants: Wants


def owed(account: Account, enrolled: bool, required: bool) -> Wants | None:
    """A program has no telephone; whoever enrolled once is always asked."""
    if enrolled:
        return Wants.CODE
    return Wants.ENROL if required and not account.scripted else None


async def by_browser(
    database: Database, people: People, login: str, password: str, knock: Knock, going: str
) -> Opened | Challenged:
    """Raises `Problem` 401 or 429."""
    account, admitted = await check_password(database, login, password, knock)
    async with within(database, account).transaction() as tx:
        account = await unchanged(tx, account)
        wants = owed(account, await factors.enrolled(tx, login), people.second_factor)
        if wants is None:
            await throttle.forgive(tx, admitted)
            return await open_session(tx, account, Kind.BROWSER, knock)
        if wants is Wants.ENROL:
            await factors.begin(tx, account, people.seal)
        return Challenged(await _challenge(tx, account, wants, going), wants)


async def by_program(database: Database, people: People, login: str, password: str, code: str, knock: Knock) -> Opened:
    """In one request. Raises `Problem` 401, 403 or 429."""
    account, admitted = await check_password(database, login, password, knock)
    async with within(database, account).transaction() as tx:
        account = await unchanged(tx, account)
        wants = owed(account, await factors.enrolled(tx, login), people.second_factor)
        if wants is Wants.ENROL:
            raise Problem(403, "enrol-first")
        if wants and not code:
            raise Problem(401, "code-needed", field="code")
        if wants and not await factors.prove(tx, account, code, people.seal):
            raise Problem(401, "wrong-code", field="code")
        await throttle.forgive(tx, admitted)
        return await open_session(tx, account, Kind.PROGRAM, knock)


async def _challenge(tx: Transaction, account: Account, wants: Wants, going: str) -> str:
    now, token = tx.clock.now(), new_token()
    await tx.execute(sa.delete(Challenge).where(Challenge.expires_at <= now))
    row = Challenge(
        token_hash=digest(token), login=account.login, wants=wants.value, going=going, expires_at=now + OPEN_FOR
    )
    tx.add(row)
    return token


async def challenged(tx: Transaction, token: str, wants: Wants) -> tuple[Account, Challenge]:
    """Whose step this is. Raises `Problem` 401 "log-in-again" when there is none, or it took too long."""
    found = await tx.get(Challenge, digest(token), lock=True) if token else None
    account = await tx.get(Account, found.login) if found else None
    over = found is None or found.wants != wants or found.expires_at <= tx.clock.now()
    if over or account is None or found is None or account.off_at:
        raise Problem(401, "log-in-again")
    return account, found


async def give_code(database: Database, people: People, token: str, code: str, knock: Knock) -> tuple[Opened, str]:
    """The session, and where they were going. Wrong codes count like wrong passwords. Raises `Problem` 401 or 429."""
    async with database.transaction() as tx:
        account, _ = await challenged(tx, token, Wants.CODE)
        admitted = await throttle.admit(tx, account.login, knock)
        clock = tx.clock
    await throttle.wait(admitted, clock)
    async with within(database, account).transaction() as tx:
        account, challenge = await challenged(tx, token, Wants.CODE)
        if not await factors.prove(tx, account, code, people.seal):
            raise Problem(401, "wrong-code", field="code")
        await throttle.forgive(tx, admitted)
        await tx.execute(sa.delete(Challenge).where(Challenge.token_hash == challenge.token_hash))
        return await open_session(tx, account, Kind.BROWSER, knock), challenge.going


async def enrol(
    database: Database, people: People, token: str, code: str, knock: Knock
) -> tuple[Opened, Sequence[str], str]:
    """The session, the recovery codes that are shown once, and where they were going. Raises `Problem` 401 or 422."""
    async with database.transaction() as tx:
        account, _ = await challenged(tx, token, Wants.ENROL)
    async with within(database, account).transaction() as tx:
        account, challenge = await challenged(tx, token, Wants.ENROL)
        codes = await factors.confirm(tx, account, code, people.seal)
        await tx.execute(sa.delete(Challenge).where(Challenge.login == account.login))
        return await open_session(tx, account, Kind.BROWSER, knock), codes, challenge.going
