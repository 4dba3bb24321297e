"""One-time links by which people choose their own password: nobody else ever knows it."""

from datetime import timedelta

import sqlalchemy as sa

from services.gateway import history
from services.gateway.accounts import (
    MAX_PASSWORD,
    MIN_PASSWORD,
    Account,
    change_password,
    hash_password,
)
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.people.store import Invitation
from services.gateway.problems import Problem
from services.gateway.sessions import within
from services.gateway.tokens import digest, new_token
from shared.database import Database, Transaction

VALID_FOR = timedelta(hours=72)  # handed over on a Friday, used on a Monday


async def invite(tx: Transaction, account: Account, actor: str) -> str:
    """The token of the link `/invitation/{token}`; a former one ends."""
    now, token = tx.clock.now(), new_token()
    await withdraw(tx, account.login)
    await tx.execute(sa.delete(Invitation).where(Invitation.expires_at <= now))
    tx.add(Invitation(token_hash=digest(token), login=account.login, expires_at=now + VALID_FOR))
    await history.append(tx, ACCESS_CHAIN, actor, Action.INVITED, {"account": account.pseudonym})
    return token


async def withdraw(tx: Transaction, login: str) -> None:
    await tx.execute(sa.delete(Invitation).where(Invitation.login == login))


async def invited(tx: Transaction, token: str) -> Account:
    """Whom the link is for, held. Raises `Problem` 404: used, too old, or never made."""
    found = await tx.get(Invitation, digest(token), lock=True)
    account = await tx.get(Account, found.login, lock=True) if found else None
    if found is None or account is None or account.off_at or found.expires_at <= tx.clock.now():
        raise Problem(404, "no-invitation")
    return account


async def accept(database: Database, token: str, password: str) -> str:
    """Sets the password, once; the login. Raises `Problem` 404, 422."""
    check_password(password)
    async with database.transaction() as tx:
        account = await invited(tx, token)
    hashed = await hash_password(password)
    async with within(database, account).transaction() as tx:
        account = await invited(tx, token)
        await change_password(tx, account, hashed, account.pseudonym)
    return account.login


def check_password(password: str) -> None:
    """Raises `Problem` 422."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Problem(422, "bad-password", field="password", least=MIN_PASSWORD, most=MAX_PASSWORD)
