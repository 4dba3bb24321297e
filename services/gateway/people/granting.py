"""Client credentials: what a service shows becomes a short token (RFC 6749, 4.4; errors of 5.2)."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote_plus

from services.gateway.accounts import LOGIN_PATTERN, Account
from services.gateway.people import services
from services.gateway.people.assertions import UNPROVED, Refused, claimed_by, once, proved
from services.gateway.people.parts import People
from services.gateway.people.store import Credential
from services.gateway.sessions import Kind, Opened, open_session, within
from services.gateway.throttle import Knock
from services.gateway.tokens import digest, same
from shared.database import Database, Transaction

TOKEN_PATH = "/api/token"  # noqa: S105  # a path
GRANT = "client_credentials"
BEARER_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME = timedelta(minutes=15)
SCOPE_LIMIT = 1_000  # characters


class NotGranted(Exception):
    """`error`: a code of RFC 6749, 5.2; `why`: for whoever writes the program."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(error)
        self.error, self.why = error, why


@dataclass(frozen=True)
class Shown:
    """How a program says who it is: a secret or an assertion."""

    login: str
    secret: str = ""
    assertion: str = ""


async def grant(
    database: Database, people: People, form: Mapping[str, str], authorization: str, knock: Knock
) -> tuple[Opened, Sequence[str]]:
    """A token with its scopes. Raises `NotGranted`."""
    if form.get("grant_type") != GRANT:
        raise NotGranted("unsupported_grant_type", f"grant_type must be {GRANT}")
    shown = read(form, authorization)
    named = LOGIN_PATTERN.fullmatch(shown.login)
    if not named:
        raise NotGranted("invalid_client", UNPROVED)
    async with database.transaction() as tx:
        account = await tx.get(Account, shown.login)
    async with (within(database, account) if account else database).transaction() as tx:
        account, credential = await _proved(tx, people, shown)
        scopes = granted(account.scopes or [], form.get("scope", ""))
        credential.used_at = tx.clock.now()
        return await open_session(tx, account, Kind.SERVICE, knock, lifetime=LIFETIME, scopes=scopes), scopes


async def _proved(tx: Transaction, people: People, shown: Shown) -> tuple[Account, Credential]:
    """Asks the same for a service, a person and nobody: neither answer nor time tells who there is."""
    account = await tx.get(Account, shown.login, lock=True)
    alive = await services.alive(tx, shown.login)
    known = account is not None and account.scopes is not None and not account.off_at
    credential = await _shown_by(tx, people, shown, alive if known else ())
    if account is None or credential is None:
        raise NotGranted("invalid_client", UNPROVED)
    return account, credential


async def _shown_by(tx: Transaction, people: People, shown: Shown, alive: Sequence[Credential]) -> Credential | None:
    if shown.assertion:
        try:
            audiences = (people.url + TOKEN_PATH, people.url)
            credential, claims = proved(shown.assertion, shown.login, alive, audiences, tx.clock.now())
            await once(tx, shown.login, claims)
        except Refused as refused:
            raise NotGranted("invalid_client", str(refused)) from None
        return credential
    hashed = digest(shown.secret)
    return next((one for one in alive if one.secret_hash and same(one.secret_hash, hashed)), None)


def read(form: Mapping[str, str], authorization: str) -> Shown:
    """Exactly one way (RFC 6749, 2.3). Pure. Raises `NotGranted`."""
    basic = authorization[6:] if authorization[:6].lower() == "basic " else ""
    ways = [bool(basic), "client_secret" in form, "client_assertion" in form]
    if sum(ways) != 1:
        raise NotGranted("invalid_request", "show one of: HTTP Basic, client_secret, client_assertion")
    if basic:
        return from_basic(basic)
    if "client_secret" in form:
        return Shown(form.get("client_id", ""), secret=form["client_secret"])
    if form.get("client_assertion_type") != BEARER_ASSERTION:
        raise NotGranted("invalid_request", f"client_assertion_type must be {BEARER_ASSERTION}")
    try:
        name = claimed_by(form["client_assertion"])
    except Refused as refused:
        raise NotGranted("invalid_client", str(refused)) from None
    if form.get("client_id", name) != name:
        raise NotGranted("invalid_client", "client_id and sub differ")
    return Shown(name, assertion=form["client_assertion"])


def from_basic(encoded: str) -> Shown:
    try:
        login, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = login = secret = ""
    if not colon or "\0" in login + secret:
        raise NotGranted("invalid_request", "the Basic credentials cannot be read")
    return Shown(unquote_plus(login), secret=unquote_plus(secret))


def granted(allowed: Sequence[str], asked: str) -> list[str]:
    """All that the service may, or the part that it asks for. Raises `NotGranted`."""
    wanted = asked[:SCOPE_LIMIT].split()
    if any(scope not in allowed for scope in wanted):
        raise NotGranted("invalid_scope", "a scope is asked for that this service has not")
    return sorted(set(wanted)) or list(allowed)
