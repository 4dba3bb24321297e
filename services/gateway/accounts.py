"""Accounts of people, and of programs that work in a person's place or as a service."""

import asyncio
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

import argon2
import sqlalchemy as sa
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway import history
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.people.store import Challenge, Invitation
from services.gateway.rights.vocabulary import Role
from services.gateway.store import Base
from shared.database import Database, Transaction

HOME = "home"  # the agency that a house has from the start
COMMAND_LINE = "command-line"  # who acts, where no account does
LOGIN_PATTERN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
MIN_PASSWORD = 12  # NIST SP 800-63B-4 (3.1.1.2) asks 8 beside a second factor, 15 alone, where it is optional
MAX_PASSWORD = 512  # Argon2 reads all of it: a bound against being kept busy
HASHES_AT_ONCE = 2  # each takes 64 MiB and a core for about 0.1 s: a flood of logins must not starve reviewers
HASHES_IN_LINE = 100  # about five seconds of them; whoever comes then had better come later

_hasher = argon2.PasswordHasher()  # RFC 9106, second recommended option
_hashing = asyncio.Semaphore(HASHES_AT_ONCE)
_in_line = asyncio.Semaphore(HASHES_IN_LINE)


@cache
def _nobody() -> str:
    """Checked for unknown logins, so that an answer takes as long as for known ones. Made when the first password is
    looked at, whoever's: a command that looks at none starts the sooner."""
    return _hasher.hash(secrets.token_urlsafe())


class AccountProblem(ValueError):
    """The account cannot be made or changed so; the message names the field and the cure."""


class Account(Base):
    """`pseudonym` is what histories and events say instead of the login; `scripted`: a program, not a person.

    `name`: as colleagues know the person, for those who keep accounts. `issuer`, `subject`: who it is to the identity
    provider (then there is no password). `scopes`: what a service may at most. `off_at`: nobody logs in since.
    """

    __tablename__ = "accounts"

    login: Mapped[str] = mapped_column(primary_key=True)
    password_hash: Mapped[str | None]
    roles: Mapped[list[str]]
    pseudonym: Mapped[str]
    scripted: Mapped[bool]
    created_at: Mapped[datetime]
    agency: Mapped[str]
    name: Mapped[str | None]
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    scopes: Mapped[list[str] | None]
    off_at: Mapped[datetime | None]


class Session(Base):
    """An open session of an account; the token itself is nowhere but with its holder.

    `session_id` names it to its owner; `kind`: "browser", "program" or "service"; `about`: what the browser calls
    itself. `seen_at`: the newest request, to the minute; `proved_at`: when its holder last proved who they are.
    `scopes`: of a service's token. `provider_session`: the identity provider's name for it.
    """

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[UUID]
    login: Mapped[str]
    kind: Mapped[str]
    about: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    proved_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    scopes: Mapped[list[str] | None]
    provider_session: Mapped[str | None]


async def create_account(
    database: Database,
    login: str,
    password: str,
    roles: Sequence[str],
    scripted: bool = False,
    *,
    agency: str = HOME,
) -> str:
    """Make an account with a password; returns its pseudonym. Raises `AccountProblem`."""
    check_login(login)
    check_password(password)
    wanted = check_roles(roles)
    hashed = await hash_password(password)
    async with database.transaction() as tx:
        account = await enter(tx, login, wanted, COMMAND_LINE, agency=agency, scripted=scripted)
        account.password_hash = hashed
    return account.pseudonym


async def enter(
    tx: Transaction,
    login: str,
    roles: Sequence[str],
    actor: str,
    *,
    agency: str = HOME,
    scripted: bool = False,
    name: str | None = None,
    scopes: Sequence[str] | None = None,
) -> Account:
    """A row for an account that nobody can log in to yet, and a line of the history. Raises `AccountProblem`."""
    kind = roles[0] if len(roles) == 1 else "official"  # a rank would be a claim, and stay when the roles change
    row = insert(Account).values(
        login=login,
        roles=list(roles),
        pseudonym=f"{'script' if scripted and kind is not Role.SERVICE else kind}-{secrets.token_hex(3)}",
        scripted=scripted,
        created_at=tx.clock.now(),
        agency=agency,
        name=name,
        scopes=list(scopes) if scopes is not None else None,
    )
    # Whoever has the login may be of another agency, whose rows are out of sight.
    made = await tx.execute(row.on_conflict_do_nothing(index_elements=["login"]).returning(Account.login))
    account = await tx.get(Account, login) if made.scalar_one_or_none() else None
    if account is None:
        raise AccountProblem(f"login: {login!r} exists already; choose another, or set a new password for it")
    details = {"account": account.pseudonym, "roles": account.roles, "scripted": scripted}
    await history.append(tx, ACCESS_CHAIN, actor, Action.ACCOUNT_CREATED, details)
    return account


async def set_password(database: Database, login: str, password: str, actor: str = COMMAND_LINE) -> None:
    """Give an account a new password and end its sessions. Raises `AccountProblem`."""
    check_password(password)
    hashed = await hash_password(password)
    async with database.transaction() as tx:
        account = await tx.get(Account, login, lock=True)
        if account is None:
            raise AccountProblem(f"login: there is no {login!r}; add the account first")
        await change_password(tx, account, hashed, actor)


async def change_password(
    tx: Transaction, account: Account, hashed: str, actor: str, *, but: UUID | None = None
) -> None:
    """A link that was to change it, too, has had its day."""
    account.password_hash = hashed
    await end_sessions(tx, account.login, but=but)
    await tx.execute(sa.delete(Invitation).where(Invitation.login == account.login))
    details = {"account": account.pseudonym}
    await history.append(tx, ACCESS_CHAIN, actor, Action.PASSWORD_CHANGED, details)


async def end_sessions(tx: Transaction, login: str, *, but: UUID | None = None) -> None:
    """All of the account, or all but one: what was opened or begun under the old password, factor, roles is over."""
    others = Session.session_id != but if but else sa.true()
    await tx.execute(sa.delete(Session).where(Session.login == login, others))
    await tx.execute(sa.delete(Challenge).where(Challenge.login == login))


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


def too_busy() -> bool:
    """So many passwords wait to be looked at that this one would wait for long."""
    return _in_line.locked()


async def hash_password(password: str) -> str:
    async with _in_line, _hashing:
        return await asyncio.to_thread(_hasher.hash, password)


async def password_agrees(account: Account | None, password: str) -> bool:
    """As slow for an unknown account as for a known one."""
    hashed = account.password_hash if account else None
    async with _in_line, _hashing:
        nobody = await asyncio.to_thread(_nobody)
        agrees = await asyncio.to_thread(_verify, hashed or nobody, password[:MAX_PASSWORD])
    return agrees and hashed is not None


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except VerifyMismatchError:
        return False
