"""What somebody does with their own account."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from services.gateway import history, throttle
from services.gateway.accounts import Account, Session, change_password, end_sessions, hash_password
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.people import factors, invitations
from services.gateway.people.fresh import fresh
from services.gateway.people.parts import People
from services.gateway.problems import Problem
from services.gateway.sessions import Visitor, check_password, idle, unchanged
from services.gateway.throttle import Knock
from services.gateway.tokens import digest
from shared.database import Database, Transaction


async def sessions(tx: Transaction, visitor: Visitor) -> list[Session]:
    """The open ones, the newest first."""
    now = tx.clock.now()
    mine = sa.select(Session).where(Session.login == visitor.account.login, Session.expires_at > now)
    return [one for one in await tx.scalars(mine.order_by(Session.created_at.desc())) if not idle(one, now)]


async def end_session(tx: Transaction, visitor: Visitor, session_id: UUID) -> None:
    """Raises `Problem` 404, also for sessions of others."""
    mine = (Session.session_id == session_id, Session.login == visitor.account.login)
    if (await tx.execute(sa.delete(Session).where(*mine))).rowcount == 0:
        raise Problem(404, "no-session")
    await history.append(tx, ACCESS_CHAIN, visitor.account.pseudonym, Action.SESSIONS_ENDED, {"count": 1})


async def prove_again(
    database: Database, people: People, visitor: Visitor, password: str, code: str, knock: Knock
) -> None:
    """The session is as fresh as a new one. Raises `Problem` 401, 409, 429."""
    if visitor.account.issuer:
        raise Problem(409, "no-password-here")
    account, admitted = await check_password(database, visitor.account.login, password, knock)
    async with database.transaction() as tx:
        account = await unchanged(tx, account)
        if await factors.enrolled(tx, account.login) and not await factors.prove(tx, account, code, people.seal):
            raise Problem(401, "wrong-code", field="code")
        await throttle.forgive(tx, admitted)
        await mark_proved(tx, digest(visitor.token))


async def mark_proved(tx: Transaction, token_hash: str) -> None:
    await tx.execute(sa.update(Session).where(Session.token_hash == token_hash).values(proved_at=tx.clock.now()))


async def set_password(database: Database, visitor: Visitor, former: str, password: str, knock: Knock) -> None:
    """Every other session ends. Raises `Problem` 401, 409, 422, 429."""
    if visitor.account.issuer:
        raise Problem(409, "no-password-here")
    invitations.check_password(password)
    account, admitted = await check_password(database, visitor.account.login, former, knock)
    hashed = await hash_password(password)
    async with database.transaction() as tx:
        account = await unchanged(tx, account)
        await throttle.forgive(tx, admitted)
        await change_password(tx, account, hashed, account.pseudonym, but=visitor.session_id)


async def begin_factor(tx: Transaction, people: People, visitor: Visitor) -> tuple[str, str]:
    """A new secret, and its `otpauth://` address. The one in use stays until `confirm_factor`. Raises `Problem` 403."""
    fresh(visitor, tx.clock.now())
    await factors.begin(tx, visitor.account, people.seal)
    await tx.flush()
    return await begun_factor(tx, people, visitor.account)


async def begun_factor(tx: Transaction, people: People, account: Account) -> tuple[str, str]:
    secret = await factors.waiting_secret(tx, account.login, people.seal)
    return secret, factors.address(account, secret)


async def confirm_factor(tx: Transaction, people: People, visitor: Visitor, code: str) -> Sequence[str]:
    """The recovery codes; every other session ends. Raises `Problem` 403, 409, 422."""
    fresh(visitor, tx.clock.now())
    codes = await factors.confirm(tx, visitor.account, code, people.seal)
    await end_sessions(tx, visitor.account.login, but=visitor.session_id)
    return codes


async def renew_recovery(tx: Transaction, visitor: Visitor) -> Sequence[str]:
    """Ten new codes; the former ones end. Raises `Problem` 403, 409."""
    fresh(visitor, tx.clock.now())
    if not await factors.enrolled(tx, visitor.account.login):
        raise Problem(409, "factor-not-begun")
    pseudonym = visitor.account.pseudonym
    await history.append(tx, ACCESS_CHAIN, pseudonym, Action.RECOVERY_RENEWED, {"account": pseudonym})
    return await factors.renew_recovery(tx, visitor.account.login)
