"""What the identity provider signs: ID tokens (OpenID Connect Core 1.0, 3.1.3.7) and log-out tokens (Back-Channel
Logout 1.0, 2.6). Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.gateway.tokens import same

# No `none`, and nothing that is signed with a secret: a public key must never be taken for one (RFC 8725, 2.1).
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
SKEW = timedelta(seconds=60)
MAX_AGE = timedelta(minutes=10)  # of a token when it comes: it was made for this log-in
MAX_TOKEN = 32_768  # characters: some put hundreds of groups into one
MAX_SUBJECT = 255  # Core, 2
LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"


class Untrusted(ValueError):
    """The token proves nothing; the message says why, without anything of it."""


def key_id(token: str) -> str | None:
    """Which key it says to be signed with; nothing of it is believed yet. Raises `Untrusted`."""
    if len(token) > MAX_TOKEN:
        raise Untrusted("the token is too long")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, RecursionError) as error:
        raise Untrusted("the token is no signed JWT") from error
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def signed(token: str, keys: KeySet) -> Mapping[str, Any]:
    """Its claims. Raises `Untrusted`."""
    try:
        return jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, RecursionError) as error:
        raise Untrusted(f"the signature does not count: {type(error).__name__}") from error


def check_id_token(claims: Mapping[str, Any], issuer: str, client: str, nonce: str, now: datetime) -> None:
    """Raises `Untrusted`."""
    check_common(claims, issuer, client, now)
    if moment(claims, "exp") <= now.timestamp() - SKEW.total_seconds():
        raise Untrusted("it has expired")
    if not isinstance(claims.get("nonce"), str) or not same(claims["nonce"], nonce):
        raise Untrusted("it was made for another log-in")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.isprintable() or not 0 < len(subject) <= MAX_SUBJECT:
        raise Untrusted("it names nobody")


def check_common(claims: Mapping[str, Any], issuer: str, client: str, now: datetime) -> None:
    if claims.get("iss") != issuer:
        raise Untrusted("another issuer made it")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if client not in named:
        raise Untrusted("it is for another client")
    if (len(named) > 1 or "azp" in claims) and claims.get("azp") != client:
        raise Untrusted("it was given to another client")
    made = moment(claims, "iat")
    if not now - MAX_AGE - SKEW <= at(made, now) <= now + SKEW:
        raise Untrusted("it was not made just now")


def check_proved(claims: Mapping[str, Any], since: datetime) -> None:
    """That the person proved who they are since then, not some time before. Raises `Untrusted`."""
    if moment(claims, "auth_time") < (since - SKEW).timestamp():
        raise Untrusted("the person was not asked again")


def check_logout_token(claims: Mapping[str, Any], issuer: str, client: str, now: datetime) -> None:
    """Raises `Untrusted`."""
    check_common(claims, issuer, client, now)
    events = claims.get("events")
    if not isinstance(events, Mapping) or LOGGED_OUT not in events or "nonce" in claims:
        raise Untrusted("it is no log-out token")
    if not any(isinstance(claims.get(name), str) for name in ("sub", "sid")):
        raise Untrusted("it names no session")


def moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise Untrusted(f"{name} is no moment")
    return float(value)


def at(seconds: float, like: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, like.tzinfo)
    except (ValueError, OverflowError, OSError) as error:
        raise Untrusted("a moment is out of range") from error
