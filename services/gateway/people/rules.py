"""Who may change what about whom. Pure; `managing.py` asks before it writes."""

from collections.abc import Collection, Sequence

from services.gateway.accounts import Account
from services.gateway.problems import Problem
from services.gateway.rights.deciding import Kind, refusal
from services.gateway.rights.vocabulary import Right, Role

# Roles of people; a service has scopes instead.
FOR_PEOPLE = tuple(role for role in Role if role is not Role.SERVICE)


def _service_may(right: Right) -> bool:
    scoped = Kind((Role.SERVICE.value,), scripted=True, scopes=frozenset({right.value}))
    return refusal(scoped, "service", "any", right, {}) is None


# What a program may be allowed at all, as the policies say.
FOR_SERVICES = frozenset(right for right in Right if right is not Right.ASK_RIGHTS and _service_may(right))


def not_oneself(actor: Account | None, account: Account) -> None:
    """Nobody raises their own rights, resets their own factor or shuts themselves out. The command line is nobody.
    Raises `Problem` 403."""
    if actor is not None and actor.login == account.login:
        raise Problem(403, "not-oneself")


def keeps_an_admin(admins: Collection[str], account: Account, roles: Sequence[str]) -> None:
    """`admins`: logins of those who keep the agency's accounts now; `roles`: of this account afterwards, none when it
    is switched off. Raises `Problem` 409."""
    if set(admins) == {account.login} and Role.ADMIN not in roles:
        raise Problem(409, "last-admin")


def roles_of_people(roles: Sequence[str]) -> list[str]:
    """Sorted, each once. Raises `Problem` 422."""
    if not roles or any(role not in FOR_PEOPLE for role in roles):
        raise Problem(422, "bad-roles", field="roles", known=", ".join(FOR_PEOPLE))
    return sorted(set(roles))


def scopes_of_services(scopes: Sequence[str]) -> list[str]:
    """Sorted, each once. Raises `Problem` 422."""
    if not scopes or any(scope not in FOR_SERVICES for scope in scopes):
        raise Problem(422, "bad-scopes", field="scopes", known=", ".join(sorted(FOR_SERVICES)))
    return sorted(set(scopes))


def changes_here(account: Account) -> None:
    """Roles of somebody whom the identity provider vouches for are told by it at each log-in. Raises `Problem` 409."""
    if account.issuer:
        raise Problem(409, "roles-elsewhere")
