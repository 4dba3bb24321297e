"""Accounts of officials. A reviewer sees and decides; a supervisor also lets policies decide, together with another
one; a viewer sees (blurred pictures only)."""

import asyncio
import re
import secrets
from collections.abc import Sequence
from datetime import datetime

import argon2
import sqlalchemy as sa
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway import history
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.rights.vocabulary import Role
from services.gateway.store import Base
from shared.database import Database

LOGIN_PATTERN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
MIN_PASSWORD = 12  # NIST SP 800-63B asks 8 beside a second factor; there is none here yet
MAX_PASSWORD = 512  # Argon2 reads all of it: a bound against being kept busy
HASHES_AT_ONCE = 2  # each takes 64 MiB and a core for about 0.1 s: a flood of logins must not starve reviewers

_hasher = argon2.PasswordHasher()  # RFC 9106, second recommended option
_hashing = asyncio.Semaphore(HASHES_AT_ONCE)
# Checked for unknown logins, so that an answer takes as long as for known ones.
_nobody = _hasher.hash(secrets.token_urlsafe())


class AccountProblem(ValueError):
    """The account cannot be made or changed so; the message names the field and the cure."""


class Account(Base):
    """`pseudonym` is what histories and events say instead of the login; `scripted`: a program, not a person."""

    __tablename__ = "accounts"

    login: Mapped[str] = mapped_column(primary_key=True)
    password_hash: Mapped[str]
    roles: Mapped[list[str]]
    pseudonym: Mapped[str]
    scripted: Mapped[bool]
    created_at: Mapped[datetime]

    @property
    def reviews(self) -> bool:
        return Role.REVIEWER in self.roles or Role.SUPERVISOR in self.roles

    @property
    def supervises(self) -> bool:
        """A program never: two of them are no four eyes."""
        return Role.SUPERVISOR in self.roles and not self.scripted


class Session(Base):
    """An open session of an account; the token itself is nowhere but with its holder."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


async def create_account(
    database: Database, login: str, password: str, roles: Sequence[str], scripted: bool = False
) -> str:
    """Make an account; returns its pseudonym. Raises `AccountProblem`."""
    check_login(login)
    check_password(password)
    wanted = check_roles(roles)
    hashed = await hash_password(password)
    kind = next(role for role in reversed(Role) if role in wanted)
    pseudonym = f"{'script' if scripted else kind}-{secrets.token_hex(3)}"
    async with database.transaction() as tx:
        if await tx.get(Account, login):
            raise AccountProblem(f"login: {login!r} exists already; choose another, or set a new password for it")
        tx.add(
            Account(
                login=login,
                password_hash=hashed,
                roles=wanted,
                pseudonym=pseudonym,
                scripted=scripted,
                created_at=tx.clock.now(),
            )
        )
        details = {"account": pseudonym, "roles": wanted, "scripted": scripted}
        await history.append(tx, ACCESS_CHAIN, "command-line", Action.ACCOUNT_CREATED, details)
    return pseudonym


async def set_password(database: Database, login: str, password: str) -> None:
    """Give an account a new password and end its sessions. Raises `AccountProblem`."""
    check_password(password)
    hashed = await hash_password(password)
    async with database.transaction() as tx:
        account = await tx.get(Account, login, lock=True)
        if account is None:
            raise AccountProblem(f"login: there is no {login!r}; add the account first")
        account.password_hash = hashed
        await tx.execute(sa.delete(Session).where(Session.login == login))
        details = {"account": account.pseudonym}
        await history.append(tx, ACCESS_CHAIN, "command-line", Action.PASSWORD_CHANGED, details)


def check_login(login: str) -> None:
    if not LOGIN_PATTERN.fullmatch(login):
        raise AccountProblem(
            f"login: {login!r} is not possible; "
            "use 2 to 64 lower-case letters, digits and . _ @ - (first a letter or digit)"
        )


def check_password(password: str) -> None:
    if len(password) < MIN_PASSWORD:
        raise AccountProblem(f"password: {len(password)} characters are too few; use at least {MIN_PASSWORD}")
    if len(password) > MAX_PASSWORD:
        raise AccountProblem(f"password: {len(password)} characters are too many; use at most {MAX_PASSWORD}")


def check_roles(roles: Sequence[str]) -> list[str]:
    unknown = [role for role in roles if role not in set(Role)]
    if unknown or not roles:
        known = ", ".join(Role)
        raise AccountProblem(f"roles: {', '.join(unknown) or 'none given'}; give one or more of {known}")
    return sorted(set(roles))


async def hash_password(password: str) -> str:
    async with _hashing:
        return await asyncio.to_thread(_hasher.hash, password)


async def password_agrees(account: Account | None, password: str) -> bool:
    """As slow for an unknown account as for a known one."""
    hashed = account.password_hash if account else _nobody
    async with _hashing:
        agrees = await asyncio.to_thread(_verify, hashed, password[:MAX_PASSWORD])
    return agrees and account is not None


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except VerifyMismatchError:
        return False
