"""The accounts of an agency, as its admin and the command line keep them. Each change is a line of the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from services.gateway import history
from services.gateway.accounts import COMMAND_LINE, LOGIN_PATTERN, Account, AccountProblem, Session, end_sessions, enter
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.people import factors, invitations
from services.gateway.people.rules import changes_here, keeps_an_admin, not_oneself, roles_of_people
from services.gateway.people.store import SecondFactor
from services.gateway.problems import Problem
from services.gateway.rights.vocabulary import Role
from shared.database import Transaction

MAX_NAME = 100
LOCK = "people of "


@dataclass(frozen=True)
class Person:
    """An account with what stands beside it. `seen_at`: the newest request of an open session."""

    account: Account
    enrolled: bool
    seen_at: datetime | None

    @property
    def is_service(self) -> bool:
        return Role.SERVICE in self.account.roles


def named(actor: Account | None) -> str:
    return actor.pseudonym if actor else COMMAND_LINE


async def people(tx: Transaction, agency: str, after: str, limit: int) -> list[Person]:
    """By login, those after `after`."""
    seen = sa.select(sa.func.max(Session.seen_at)).where(Session.login == Account.login).scalar_subquery()
    statement = (
        sa.select(Account, SecondFactor.sealed.is_not(None), seen)
        .outerjoin(SecondFactor, SecondFactor.login == Account.login)
        .where(Account.agency == agency, Account.login > after)
        .order_by(Account.login)
        .limit(limit)
    )
    return [Person(*tuple(row)) for row in (await tx.execute(statement)).all()]


async def seen(tx: Transaction, actor: Account, whom: Sequence[Person]) -> None:
    """Who stands behind pseudonyms was looked at: that is a line, too."""
    details = {"accounts": len(whom)}
    await history.append(tx, ACCESS_CHAIN, actor.pseudonym, Action.PEOPLE_SEEN, details)


async def member(tx: Transaction, agency: str, pseudonym: str) -> Account:
    """Held, and with it all changes of this agency's people: they go one by one. Raises `Problem` 404, also for
    accounts of others."""
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(LOCK + agency))))
    found = await tx.scalar(
        sa.select(Account).where(Account.agency == agency, Account.pseudonym == pseudonym).with_for_update()
    )
    if found is None:
        raise Problem(404, "no-person")
    return found


async def person(tx: Transaction, agency: str, pseudonym: str) -> Person:
    account = await member(tx, agency, pseudonym)
    newest = await tx.scalar(sa.select(sa.func.max(Session.seen_at)).where(Session.login == account.login))
    return Person(account, await factors.enrolled(tx, account.login), newest)


async def add(
    tx: Transaction, agency: str, login: str, name: str, roles: Sequence[str], actor: Account | None
) -> tuple[Account, str]:
    """A new account, and the token of the link by which its holder chooses a password. Raises `Problem` 409, 422."""
    check_new_login(login)
    wanted = roles_of_people(roles)
    try:
        account = await enter(tx, login, wanted, named(actor), agency=agency, name=plain_name(name))
    except AccountProblem:
        raise Problem(409, "login-taken", field="login") from None
    return account, await invitations.invite(tx, account, named(actor))


def check_new_login(login: str) -> None:
    if not LOGIN_PATTERN.fullmatch(login):
        raise Problem(422, "bad-login", field="login")


def plain_name(name: str) -> str | None:
    return "".join(filter(str.isprintable, name)).strip()[:MAX_NAME] or None


async def set_roles(tx: Transaction, account: Account, roles: Sequence[str], actor: Account | None) -> None:
    """Open sessions end: what was opened under other rights is over. Raises `Problem` 403, 409, 422."""
    wanted = roles_of_people(roles)
    not_oneself(actor, account)
    changes_here(account)
    if Role.SERVICE in account.roles:
        raise Problem(409, "no-roles-of-service")
    keeps_an_admin(await admins(tx, account.agency), account, wanted)
    if wanted == account.roles:
        return
    details = {"account": account.pseudonym, "former": account.roles, "roles": wanted}
    account.roles = wanted
    await end_sessions(tx, account.login)
    await history.append(tx, ACCESS_CHAIN, named(actor), Action.ROLES_CHANGED, details)


async def switch_off(tx: Transaction, account: Account, actor: Account | None) -> None:
    """Nobody logs in with it any more; what it did stays. Raises `Problem` 403, 409."""
    not_oneself(actor, account)
    keeps_an_admin(await admins(tx, account.agency), account, ())
    if account.off_at is None:
        account.off_at = tx.clock.now()
        await end_sessions(tx, account.login)
        await invitations.withdraw(tx, account.login)
        await history.append(tx, ACCESS_CHAIN, named(actor), Action.ACCOUNT_OFF, {"account": account.pseudonym})


async def switch_on(tx: Transaction, account: Account, actor: Account | None) -> None:
    not_oneself(actor, account)
    if account.off_at is not None:
        account.off_at = None
        await history.append(tx, ACCESS_CHAIN, named(actor), Action.ACCOUNT_ON, {"account": account.pseudonym})


async def reset_factor(tx: Transaction, account: Account, actor: Account | None) -> None:
    """The lost telephone counts no more; the next log-in sets another one up. Raises `Problem` 403."""
    not_oneself(actor, account)
    await factors.forget(tx, account.login)
    await end_sessions(tx, account.login)
    await history.append(tx, ACCESS_CHAIN, named(actor), Action.FACTOR_RESET, {"account": account.pseudonym})


async def invite_again(tx: Transaction, account: Account, actor: Account | None) -> str:
    """A new link for whoever lost the password or the link. Raises `Problem` 403, 409."""
    not_oneself(actor, account)
    if account.issuer or Role.SERVICE in account.roles or account.off_at:
        raise Problem(409, "no-password-here")
    return await invitations.invite(tx, account, named(actor))


async def admins(tx: Transaction, agency: str) -> Sequence[str]:
    """Logins of those who keep the accounts. Two who switch each other off at once leave one: see `member`."""
    statement = sa.select(Account).where(
        Account.agency == agency, Account.off_at.is_(None), sa.any_(Account.roles) == Role.ADMIN.value
    )
    return [account.login for account in await tx.scalars(statement)]
