"""From what the identity provider said to an open session."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from services.gateway import history
from services.gateway.accounts import Account, Session, end_sessions, enter
from services.gateway.agencies.scoping import AGENCY
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.oidc.asking import Unanswered
from services.gateway.oidc.client import Begun, Oidc
from services.gateway.oidc.mapping import Known, known
from services.gateway.oidc.tokens import SKEW, Untrusted, at, check_id_token, check_logout_token, check_proved, moment
from services.gateway.people.own import mark_proved
from services.gateway.people.store import OidcBegun
from services.gateway.problems import Problem
from services.gateway.sessions import Kind, Opened, Visitor, open_session
from services.gateway.throttle import Knock
from services.gateway.tokens import digest, new_token, same
from shared.database import Database, Transaction

log = structlog.get_logger(__name__)
OPEN_FOR = timedelta(minutes=10)
BY = "identity-provider"  # who acts, in the history


@dataclass(frozen=True)
class Back:
    """What the provider sent the browser back with."""

    state: str
    code: str
    error: str = ""
    issuer: str = ""


async def begin(database: Database, oidc: Oidc, browser: str, going: str, visitor: Visitor | None) -> str:
    """Where to send the browser, which holds the token `browser`. `visitor`: who proves anew. Raises `Problem` 503."""
    begun = Begun(browser, new_token())
    try:
        address = await oidc.address(begun, again=visitor is not None)
    except Unanswered as error:
        raise away(error) from error
    async with database.transaction() as tx:
        now = tx.clock.now()
        await tx.execute(sa.delete(OidcBegun).where(OidcBegun.expires_at <= now))
        tx.add(
            OidcBegun(
                state_hash=digest(begun.state),
                browser_hash=digest(browser),
                going=going,
                for_session=visitor.session_id if visitor else None,
                expires_at=now + OPEN_FOR,
            )
        )
    return address


async def finish(database: Database, oidc: Oidc, browser: str, back: Back, knock: Knock) -> tuple[Opened | None, str]:
    """The session (none where somebody proved anew), and where they were going. Raises `Problem` 401, 403, 503."""
    row = await _taken(database, browser, back.state)
    if back.error or (back.issuer and back.issuer != oidc.provider.issuer):
        raise Problem(401, "oidc-refused")
    begun = Begun(browser, back.state)
    try:
        claims = await oidc.claims(begun, back.code)
        async with database.transaction() as tx:
            now = tx.clock.now()
        check_id_token(claims, oidc.provider.issuer, oidc.client_id, begun.nonce, now)
        if row.for_session:
            check_proved(claims, row.expires_at - OPEN_FOR)
        if oidc.acr and claims.get("acr") not in oidc.acr:
            raise Untrusted("the way of proving is not enough")
    except Unanswered as error:
        raise away(error) from error
    except Untrusted as error:
        log.warning("a log-in by the identity provider was refused", why=str(error))
        raise Problem(401, "oidc-refused") from error
    who = known(oidc.mapped, claims)
    async with database.transaction() as tx:
        account = await _account(tx, oidc.provider.issuer, claims["sub"], who)
        if row.for_session:
            await _same_person(tx, row, account)
            return None, row.going
        sid = claims.get("sid")
        named = sid if isinstance(sid, str) else None
        return await open_session(tx, account, Kind.BROWSER, knock, provider_session=named), row.going


async def _taken(database: Database, browser: str, state: str) -> OidcBegun:
    """What was begun in this browser; from now on it is over, however it ends."""
    async with database.transaction() as tx:
        row = await tx.get(OidcBegun, digest(state), lock=True)
        if row is not None:
            await tx.execute(sa.delete(OidcBegun).where(OidcBegun.state_hash == row.state_hash))
        fits = row is not None and bool(browser) and same(row.browser_hash, digest(browser))
        over = row is not None and row.expires_at <= tx.clock.now()
    if row is None or not fits or over:
        raise Problem(401, "log-in-again")
    return row


async def _account(tx: Transaction, issuer: str, subject: str, who: Known) -> Account:
    """The account, made at the first log-in; roles and agency are what the provider says now. Raises `Problem` 403."""
    login = "oidc:" + hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()[:40]  # no local login looks so
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(login))))
    if not await tx.scalar(sa.select(sa.text("true FROM agencies WHERE agency = :name")).params(name=who.agency)):
        raise Problem(403, "oidc-no-agency", claim=who.agency)
    account = await tx.scalar(sa.select(Account).where(Account.issuer == issuer, Account.subject == subject))
    former = list(account.roles) if account else []
    if account is None:
        await _within(tx, who.agency)
        account = await enter(tx, login, who.roles, BY, agency=who.agency, name=who.name or None)
        account.issuer, account.subject = issuer, subject
        return account
    if account.off_at:
        raise Problem(403, "account-off")
    changes = former != list(who.roles) or account.agency != who.agency
    account.name, account.roles, account.agency = who.name or None, list(who.roles), who.agency
    await tx.flush()
    await _within(tx, who.agency)
    if changes:
        details = {"account": account.pseudonym, "former": former, "roles": account.roles}
        await end_sessions(tx, account.login)
        await history.append(tx, ACCESS_CHAIN, BY, Action.ROLES_CHANGED, details)
    return account


async def _within(tx: Transaction, agency: str) -> None:
    """The rest of the transaction belongs to this agency: an account was looked for before it was known whose it is."""
    await tx.execute(sa.select(sa.func.set_config(AGENCY, agency, True)))


async def _same_person(tx: Transaction, row: OidcBegun, account: Account) -> None:
    session = await tx.scalar(sa.select(Session).where(Session.session_id == row.for_session))
    if session is None or session.login != account.login:
        raise Problem(403, "oidc-refused")
    await mark_proved(tx, session.token_hash)


async def way_out(oidc: Oidc) -> str | None:
    """The provider's page that ends its own session. Raises `Problem` 503."""
    try:
        described = await oidc.provider.described()
    except Unanswered as error:
        raise away(error) from error
    return oidc.way_out(described)


async def log_out(database: Database, oidc: Oidc, token: str) -> None:
    """The provider says that a session of its own, or all of a person, is over. Raises `Problem` 400, 503."""
    try:
        claims = await oidc.read(token)
        async with database.transaction() as tx:
            now = tx.clock.now()
        check_logout_token(claims, oidc.provider.issuer, oidc.client_id, now)
    except Unanswered as error:
        raise away(error) from error
    except Untrusted as error:
        raise Problem(400, "oidc-refused") from error
    async with database.transaction() as tx:
        # Sent again by whoever got hold of it, the token ends nothing that was opened since.
        former = Session.created_at <= at(moment(claims, "iat"), now) + SKEW
        await tx.execute(sa.delete(Session).where(meant(oidc.provider.issuer, claims), former))


def meant(issuer: str, claims: Mapping[str, Any]) -> sa.ColumnElement[bool]:
    """Sessions of accounts of this issuer: the one that is named, else all of the person."""
    whose = [Account.issuer == issuer]
    if isinstance(claims.get("sub"), str):
        whose.append(Account.subject == claims["sub"])
    of_them = Session.login.in_(sa.select(Account.login).where(*whose))
    sid = claims.get("sid")
    return of_them & (Session.provider_session == sid) if isinstance(sid, str) else of_them


def away(error: Unanswered) -> Problem:
    log.warning("the identity provider cannot be asked", why=str(error))
    return Problem(503, "oidc-away")
