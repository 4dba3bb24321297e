"""Slowing down whoever guesses passwords: failures are counted in the database, so that every process knows them.

Nobody is locked out by what a stranger does elsewhere: failures count for a login *from where they came*, and a browser
in which an account logged in before is a place of its own, also behind an address that many share (OWASP, "Slow Down
Online Guessing Attacks with Device Cookies").
"""

import asyncio
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.people.store import KnownBrowser
from services.gateway.problems import Problem
from services.gateway.store import Base
from services.gateway.tokens import digest
from shared.clock import Clock
from shared.database import Transaction

WINDOW = timedelta(minutes=15)
MAX_PAIR = 5  # a login from one place: a person mistypes a few times
MAX_LOGIN = 100  # a login from all unknown places: a botnet guesses one person's password; known browsers still get in
MAX_ADDRESS = 50  # all logins from one address: many are tried; from there each attempt waits, none is refused
SLOW_S = 2.0  # so long; with `MAX_WAITING` at once that is at most ten guesses a second, over all addresses
MAX_WAITING = 20
KNOWN_FOR = timedelta(days=90)
LOCK = "login from "  # attempts from one place are admitted one by one

_waiting = asyncio.Semaphore(MAX_WAITING)


class LoginFailure(Base):
    """`login`: its digest, for people type their password into the wrong field. `address`: the place, that is an
    address, or "browser" with its digest."""

    __tablename__ = "login_failures"

    position: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    login: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime]


@dataclass(frozen=True)
class Knock:
    """From where a log-in is tried. `browser`: the token by which we know a browser again, if it has one."""

    address: str
    browser: str = ""
    about: str = ""


@dataclass(frozen=True)
class Admitted:
    """`login`, `place`: what failures are counted under. `slowed`: wait before the password is looked at."""

    login: str
    place: str
    slowed: bool


async def admit(tx: Transaction, login: str, knock: Knock) -> Admitted:
    """The attempt is noted as failed already, so that many attempts at once are counted before the first password is
    looked at; `forgive` takes it back. Raises `Problem` 429 when this login may not be tried from there for now."""
    now = tx.clock.now()
    known = await _known(tx, login, knock, now)
    place = f"browser {digest(knock.browser)}" if known else knock.address
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(LOCK + place))))
    await tx.execute(sa.delete(LoginFailure).where(LoginFailure.at < now - WINDOW))
    named = digest(login)
    pair = await _count(tx, LoginFailure.login == named, LoginFailure.address == place)
    if pair.failures >= MAX_PAIR:
        raise refused(pair, now)
    if known:
        by_address = 0
    else:
        by_login = await _count(tx, LoginFailure.login == named, LoginFailure.address.not_like("browser %"))
        if by_login.failures >= MAX_LOGIN:
            raise refused(by_login, now)
        by_address = (await _count(tx, LoginFailure.address == place)).failures
    tx.add(LoginFailure(login=named, address=place, at=now))
    return Admitted(named, place, by_address >= MAX_ADDRESS)


@dataclass(frozen=True)
class Counted:
    failures: int
    oldest: datetime | None


async def _count(tx: Transaction, *which: sa.ColumnElement[bool]) -> Counted:
    row = await tx.execute(sa.select(sa.func.count(), sa.func.min(LoginFailure.at)).where(*which))
    failures, oldest = tuple(row.one())
    return Counted(failures, oldest)


def refused(counted: Counted, now: datetime) -> Problem:
    left = (counted.oldest + WINDOW - now).total_seconds() if counted.oldest else WINDOW.total_seconds()
    return Problem(429, "too-many-logins", field="login", retry_after=max(1, math.ceil(left)))


def too_many() -> Problem:
    """From everywhere together, not from the one who asks."""
    return Problem(429, "too-many-logins", field="login", retry_after=math.ceil(SLOW_S))


async def wait(admitted: Admitted, clock: Clock) -> None:
    """Outside of any transaction. Raises `Problem` 429 when too many wait already."""
    if not admitted.slowed:
        return
    if _waiting.locked():
        raise too_many()
    async with _waiting:
        await clock.sleep(SLOW_S)


async def forgive(tx: Transaction, admitted: Admitted) -> None:
    """After the right password: the person who mistyped starts afresh."""
    same = (LoginFailure.login == admitted.login, LoginFailure.address == admitted.place)
    await tx.execute(sa.delete(LoginFailure).where(*same))


async def _known(tx: Transaction, login: str, knock: Knock, now: datetime) -> bool:
    if not knock.browser:
        return False
    found = await tx.get(KnownBrowser, (digest(knock.browser), login))
    return found is not None and found.seen_at > now - KNOWN_FOR


async def know(tx: Transaction, login: str, knock: Knock) -> None:
    """This browser is a place of its own for this login from now on."""
    now = tx.clock.now()
    await tx.execute(sa.delete(KnownBrowser).where(KnownBrowser.seen_at < now - KNOWN_FOR))
    if knock.browser:
        row = insert(KnownBrowser).values(token_hash=digest(knock.browser), login=login, seen_at=now)
        await tx.execute(row.on_conflict_do_update(index_elements=["token_hash", "login"], set_={"seen_at": now}))
