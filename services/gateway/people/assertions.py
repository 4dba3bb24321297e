"""`private_key_jwt`: a service shows that it holds a private key (RFC 7523, 3; OpenID Connect Core 1.0, 9)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, import_key
from sqlalchemy.dialects.postgresql import insert

from services.gateway.people.store import Assertion, Credential
from shared.database import Transaction

MAX_ASSERTION = 8_192  # characters
MAX_AHEAD = timedelta(minutes=5)  # an assertion is made for the request that it comes with
SKEW = timedelta(seconds=30)
UNPROVED = "no such service, or it does not prove to be it"  # which of the two is nobody's business
MAX_JTI = 200


class Refused(ValueError):
    """The assertion proves nothing; the message says why, without anything of it."""


def claimed_by(assertion: str) -> str:
    """Who says to have signed it; nothing of it is believed yet. Raises `Refused`."""
    if len(assertion) > MAX_ASSERTION:
        raise Refused("the assertion is too long")
    try:
        claims = json.loads(jws.extract_compact(assertion.encode()).payload or b"")
        name = claims["sub"]
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("the assertion is no signed JWT with a sub") from error
    if not isinstance(name, str):
        raise Refused("sub is no name of a service")
    return name


def proved(
    assertion: str, login: str, credentials: Sequence[Credential], audiences: Sequence[str], now: datetime
) -> tuple[Credential, Mapping[str, Any]]:
    """The key that signed it, and what it says. Pure. Raises `Refused`."""
    keys = [(one, one.jwk) for one in credentials if one.jwk is not None]
    for credential, jwk in keys:
        if signed := read(assertion, jwk):
            check_claims(signed.claims, login, audiences, now)
            return credential, signed.claims
    for decoy in () if keys else decoys():  # who is unknown takes as long as who is known
        read(assertion, decoy)
    raise Refused(UNPROVED)


def read(assertion: str, jwk: Mapping[str, Any]) -> jwt.Token | None:
    """None where this key has not signed it."""
    try:
        return jwt.decode(assertion, import_key(dict(jwk)), algorithms=[jwk["alg"]])
    except (JoseError, ValueError):
        return None


@cache
def decoys() -> Sequence[Mapping[str, Any]]:
    """Keys that nobody has: one of each kind that services sign with most."""
    made = (("ES256", ECKey.generate_key("P-256")), ("EdDSA", OKPKey.generate_key("Ed25519")))
    return tuple({**key.as_dict(private=False), "alg": alg} for alg, key in made)


def check_claims(claims: Mapping[str, Any], login: str, audiences: Sequence[str], now: datetime) -> None:
    """Raises `Refused`."""
    if claims.get("iss") != login or claims.get("sub") != login:
        raise Refused("iss and sub must both be the name of the service")
    for_whom = claims.get("aud")
    named = for_whom if isinstance(for_whom, list) else [for_whom]
    if not any(one in audiences for one in named):
        raise Refused("aud must be the token endpoint")
    seconds = now.timestamp()
    until = moment(claims, "exp")
    if until is None or until <= seconds - SKEW.total_seconds():
        raise Refused("it has expired, or has no exp")
    if until > seconds + (MAX_AHEAD + SKEW).total_seconds():
        raise Refused("exp is more than five minutes ahead")
    for name in ("nbf", "iat"):
        begun = moment(claims, name)
        if begun is not None and begun > seconds + SKEW.total_seconds():
            raise Refused(f"{name} is in the future")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti.isprintable() or not 0 < len(jti) <= MAX_JTI:
        raise Refused("jti is missing: each assertion is taken once")


def moment(claims: Mapping[str, Any], name: str) -> float | None:
    """Seconds since 1970; None when it is missing. Raises `Refused`."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise Refused(f"{name} is no moment")
    return float(value)


async def once(tx: Transaction, login: str, claims: Mapping[str, Any]) -> None:
    """Remember it until nobody would take it any more. Raises `Refused` when it came before."""
    now = tx.clock.now()
    await tx.execute(sa.delete(Assertion).where(Assertion.expires_at < now))
    named = hashlib.sha256(claims["jti"].encode()).hexdigest()
    row = insert(Assertion).values(login=login, jti_hash=named, expires_at=now + MAX_AHEAD + 3 * SKEW)
    made = await tx.execute(row.on_conflict_do_nothing().returning(Assertion.login))
    if made.scalar_one_or_none() is None:
        raise Refused("it was used before")
