"""Service accounts: programs with scopes of their own, and what they prove themselves with."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from services.gateway import history
from services.gateway.accounts import Account, AccountProblem, end_sessions, enter
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.people.managing import check_new_login, named, plain_name
from services.gateway.people.rules import scopes_of_services
from services.gateway.people.store import Credential
from services.gateway.problems import Problem
from services.gateway.rights.vocabulary import Role
from services.gateway.tokens import digest, new_token
from shared.database import Transaction

MAX_CREDENTIALS = 5  # alive at once: the one in use, the next one, and a mistake or two
MAX_DAYS = 397  # about thirteen months: what nobody renews ends
RSA_BITS = 2048  # RFC 7518, 3.3
CURVES = {"P-256": "ES256", "P-384": "ES384", "Ed25519": "EdDSA"}


async def add(
    tx: Transaction, agency: str, login: str, name: str, scopes: Sequence[str], actor: Account | None
) -> Account:
    """A service that has no credential yet. Raises `Problem` 409, 422."""
    check_new_login(login)
    wanted = scopes_of_services(scopes)
    roles = [Role.SERVICE.value]
    try:
        return await enter(
            tx, login, roles, named(actor), agency=agency, scripted=True, name=plain_name(name), scopes=wanted
        )
    except AccountProblem:
        raise Problem(409, "login-taken", field="login") from None


async def set_scopes(tx: Transaction, service: Account, scopes: Sequence[str], actor: Account | None) -> None:
    """Its open tokens end. Raises `Problem` 409, 422."""
    check_service(service)
    wanted = scopes_of_services(scopes)
    details = {"account": service.pseudonym, "former": service.scopes or [], "scopes": wanted}
    service.scopes = wanted
    await end_sessions(tx, service.login)
    await history.append(tx, ACCESS_CHAIN, named(actor), Action.SCOPES_CHANGED, details)


async def add_secret(tx: Transaction, service: Account, days: int, actor: Account | None) -> tuple[UUID, str]:
    """A client secret, told once. Raises `Problem` 409, 422."""
    secret = new_token()
    return await _add(tx, service, days, actor, secret_hash=digest(secret)), secret


async def add_key(tx: Transaction, service: Account, jwk: Mapping[str, Any], days: int, actor: Account | None) -> UUID:
    """A public key with which its assertions are signed (RFC 7523). Raises `Problem` 409, 422."""
    return await _add(tx, service, days, actor, jwk=public_key(jwk))


async def _add(
    tx: Transaction,
    service: Account,
    days: int,
    actor: Account | None,
    *,
    secret_hash: str | None = None,
    jwk: dict[str, Any] | None = None,
) -> UUID:
    check_service(service)
    if not 1 <= days <= MAX_DAYS:
        raise Problem(422, "bad-days", field="days", most=MAX_DAYS)
    if len(await alive(tx, service.login)) >= MAX_CREDENTIALS:
        raise Problem(409, "many-credentials", most=MAX_CREDENTIALS)
    now, credential_id, kind = tx.clock.now(), uuid4(), "key" if jwk else "secret"
    tx.add(
        Credential(
            credential_id=credential_id,
            login=service.login,
            kind=kind,
            secret_hash=secret_hash,
            jwk=jwk,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    details = {"account": service.pseudonym, "credential": str(credential_id), "kind": kind}
    await history.append(tx, ACCESS_CHAIN, named(actor), Action.CREDENTIAL_ADDED, details)
    return credential_id


async def end(tx: Transaction, service: Account, credential_id: UUID, actor: Account | None) -> None:
    """It opens nothing any more, and what it opened is over. Raises `Problem` 404, 409."""
    check_service(service)
    credential = await tx.get(Credential, credential_id, lock=True)
    if credential is None or credential.login != service.login:
        raise Problem(404, "no-credential")
    if credential.ended_at is None:
        credential.ended_at = tx.clock.now()
        await end_sessions(tx, service.login)
        details = {"account": service.pseudonym, "credential": str(credential_id), "kind": credential.kind}
        await history.append(tx, ACCESS_CHAIN, named(actor), Action.CREDENTIAL_ENDED, details)


async def alive(tx: Transaction, login: str) -> Sequence[Credential]:
    """What still opens something, the oldest first."""
    now = tx.clock.now()
    live = (Credential.login == login, Credential.ended_at.is_(None), Credential.expires_at > now)
    return await tx.scalars(sa.select(Credential).where(*live).order_by(Credential.created_at))


def check_service(account: Account) -> None:
    if Role.SERVICE not in account.roles:
        raise Problem(409, "no-service")


def public_key(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a public key alone, with its `alg`. Raises `Problem` 422 for a private, weak or unreadable one."""
    try:
        key = import_key(dict(jwk))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Problem(422, "bad-key", field="jwk") from error
    if getattr(key, "is_private", True):
        raise Problem(422, "private-key", field="jwk")
    told = dict(key.as_dict(private=False))
    return {**told, "alg": algorithm(key, told)}


def algorithm(key: object, jwk: Mapping[str, Any]) -> str:
    """The one with which it signs; one algorithm a key, so that none can be taken for another (RFC 8725, 3.1)."""
    if isinstance(key, RSAKey) and key.public_key.key_size >= RSA_BITS:
        return "PS256" if jwk.get("alg") == "PS256" else "RS256"
    if isinstance(key, ECKey | OKPKey) and jwk.get("crv") in CURVES:
        return CURVES[str(jwk["crv"])]
    raise Problem(422, "bad-key", field="jwk")
