"""Logging in and out. A session is a random token; the same kind serves browsers (cookie) and programs (bearer)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.gateway import history, throttle
from services.gateway.accounts import Account, Session, password_agrees
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.problems import Problem
from services.gateway.tokens import csrf_token, digest, new_token
from shared.database import Database, Transaction

LIFETIME = timedelta(hours=10)  # a working day: log in once in the morning


@dataclass(frozen=True)
class Visitor:
    """Who is asking. `by_cookie`: a browser, whose changing requests must prove that our page made them."""

    account: Account
    token: str
    by_cookie: bool

    @property
    def csrf(self) -> str:
        return csrf_token(self.token)


@dataclass(frozen=True)
class Opened:
    token: str
    expires_at: datetime
    account: Account


async def log_in(database: Database, login: str, password: str, address: str) -> Opened:
    """Raises `Problem` "too-many-logins" or "wrong-login"; the latter tells nothing about which part was wrong."""
    async with database.transaction() as tx:
        if not await throttle.admit(tx, login, address):
            raise Problem(429, "too-many-logins", field="login")
        account = await tx.get(Account, login)
    agrees = await password_agrees(account, password)
    if account is None or not agrees:
        raise Problem(401, "wrong-login", field="login")
    async with database.transaction() as tx:
        now = await tx.get(Account, login, lock=True)
        if now is None or now.password_hash != account.password_hash:  # changed while the old one was looked at
            raise Problem(401, "wrong-login", field="login")
        await throttle.forgive(tx, login, address)
        return await _open(tx, now)


async def _open(tx: Transaction, account: Account) -> Opened:
    now = tx.clock.now()
    await tx.execute(sa.delete(Session).where(Session.expires_at <= now))
    token = new_token()
    tx.add(Session(token_hash=digest(token), login=account.login, created_at=now, expires_at=now + LIFETIME))
    await history.append(tx, ACCESS_CHAIN, account.pseudonym, Action.LOGGED_IN, {})
    return Opened(token, now + LIFETIME, account)


async def recognise(database: Database, token: str, by_cookie: bool) -> Visitor | None:
    """Whose session it is; None when it is unknown or over."""
    async with database.transaction() as tx:
        statement = (
            sa.select(Account)
            .join(Session, Session.login == Account.login)
            .where(Session.token_hash == digest(token), Session.expires_at > tx.clock.now())
        )
        account = await tx.scalar(statement)
    return Visitor(account, token, by_cookie) if account else None


async def log_out(database: Database, visitor: Visitor) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.delete(Session).where(Session.token_hash == digest(visitor.token)))
        await history.append(tx, ACCESS_CHAIN, visitor.account.pseudonym, Action.LOGGED_OUT, {})
