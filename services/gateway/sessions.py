"""Open sessions: how they begin, whose they are, how they end. A session is a random token; the same kind serves
browsers (cookie) and programs (bearer)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast
from uuid import UUID, uuid4

import sqlalchemy as sa

from services.gateway import history, throttle
from services.gateway.accounts import Account, Session, password_agrees, too_busy
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.problems import Problem
from services.gateway.throttle import Admitted, Knock
from services.gateway.tokens import csrf_token, digest, new_token
from shared.database import Database, Transaction

LIFETIME = timedelta(hours=10)  # a working day: log in once in the morning
IDLE = timedelta(hours=1)  # of a browser that somebody left (NIST SP 800-63B-4, 2.2.3)
SEEN_EVERY = timedelta(minutes=1)  # a request writes no oftener than that
MAX_ABOUT = 200  # characters that a browser may say of itself


class Kind(StrEnum):
    BROWSER = "browser"
    PROGRAM = "program"
    SERVICE = "service"


@dataclass(frozen=True)
class Visitor:
    """Who is asking. `by_cookie`: a browser, whose changing requests must prove that our page made them. `proved_at`:
    when they last proved who they are. `scopes`: a service's rights, no others; None for people."""

    account: Account
    token: str = field(repr=False)
    by_cookie: bool
    session_id: UUID | None = None
    proved_at: datetime | None = None
    scopes: frozenset[str] | None = None

    @property
    def csrf(self) -> str:
        return csrf_token(self.token)


@dataclass(frozen=True)
class Opened:
    token: str = field(repr=False)
    expires_at: datetime
    account: Account


async def check_password(database: Database, login: str, password: str, knock: Knock) -> tuple[Account, Admitted]:
    """Whose password it is. Raises `Problem` "too-many-logins" or "wrong-login"; the latter tells nothing about which
    part was wrong. Nothing is forgiven before the whole log-in has gone well."""
    if too_busy():
        raise throttle.too_many()
    async with database.transaction() as tx:
        admitted = await throttle.admit(tx, login, knock)
        account, clock = await tx.get(Account, login), tx.clock
    await throttle.wait(admitted, clock)
    if not await password_agrees(account, password) or account is None or account.off_at:
        raise Problem(401, "wrong-login", field="login")
    return account, admitted


def within(database: Database, account: Account) -> Database:
    """Lines of the history that a log-in leaves belong to the agency of who logs in."""
    return database.scoped({"haetae.agency": account.agency})


async def unchanged(tx: Transaction, account: Account) -> Account:
    """The account, held; it was changed while the password was looked at: `Problem` "wrong-login"."""
    now = await tx.get(Account, account.login, lock=True)
    if now is None or now.off_at or now.password_hash != account.password_hash:
        raise Problem(401, "wrong-login", field="login")
    return now


async def log_in(database: Database, login: str, password: str, address: str) -> Opened:
    """With a password alone, where that is enough. Raises `Problem` as `check_password` does."""
    knock = Knock(address)
    account, admitted = await check_password(database, login, password, knock)
    async with within(database, account).transaction() as tx:
        account = await unchanged(tx, account)
        await throttle.forgive(tx, admitted)
        return await open_session(tx, account, Kind.PROGRAM, knock)


async def open_session(
    tx: Transaction,
    account: Account,
    kind: Kind,
    knock: Knock,
    *,
    lifetime: timedelta = LIFETIME,
    scopes: Sequence[str] | None = None,
    provider_session: str | None = None,
) -> Opened:
    now = tx.clock.now()
    await tx.execute(sa.delete(Session).where(Session.expires_at <= now))
    token = new_token()
    row = Session(
        token_hash=digest(token),
        session_id=uuid4(),
        login=account.login,
        kind=kind.value,
        about="".join(filter(str.isprintable, knock.about))[:MAX_ABOUT],
        created_at=now,
        seen_at=now,
        proved_at=now,
        expires_at=now + lifetime,
        scopes=list(scopes) if scopes is not None else None,
        provider_session=provider_session,
    )
    tx.add(row)
    if kind is Kind.BROWSER:
        await throttle.know(tx, account.login, knock)
    await history.append(tx, ACCESS_CHAIN, account.pseudonym, Action.LOGGED_IN, {})
    return Opened(token, row.expires_at, account)


async def recognise(database: Database, token: str, by_cookie: bool, passive: bool = False) -> Visitor | None:
    """Whose session it is; None when it is unknown or over. `passive`: the page asks by itself, nobody did anything."""
    statement = (
        sa.select(Account, Session)
        .join(Session, Session.login == Account.login)
        .where(Session.token_hash == digest(token), Account.off_at.is_(None))
    )
    found, now = await database.look(statement), database.clock.now()
    if found is None:
        return None
    account, session = cast(tuple[Account, Session], found)
    if session.expires_at <= now or idle(session, now):
        return None
    if not passive and session.seen_at <= now - SEEN_EVERY:
        async with database.transaction() as tx:
            await tx.execute(sa.update(Session).where(Session.token_hash == session.token_hash).values(seen_at=now))
    scopes = frozenset(session.scopes) if session.scopes is not None else None
    return Visitor(account, token, by_cookie, session.session_id, session.proved_at, scopes)


def idle(session: Session, now: datetime) -> bool:
    """Programs work through the night; what they hold is no screen that somebody left."""
    return session.kind == Kind.BROWSER and session.seen_at <= now - IDLE


async def log_out(database: Database, visitor: Visitor) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.delete(Session).where(Session.token_hash == digest(visitor.token)))
        await history.append(tx, ACCESS_CHAIN, visitor.account.pseudonym, Action.LOGGED_OUT, {})
