"""A signed statement: JSON in a JWS (RFC 7515), signed with Ed25519 (RFC 8037). Pure.

    header   {"alg": "Ed25519", "kid": …, "typ": "haetae-statement+jws"}
    payload  {"version": 1, "id": …, "issuer": …, "kind": …, "issued_at": …, "until": …, "body": {…}}

Whoever has the issuer's public key can check it, wherever it came from: a topic, our API, a file.
"""

from datetime import datetime, timedelta
from typing import Any, Literal, Self
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import AwareDatetime, ValidationError, model_validator

from shared.events import StatedContact, StatedHashes, StatedOutcome, StatementKind
from shared.events.base import Value
from shared.events.federation import MAX_JWS, Agency

TYPE, ALGORITHM = "haetae-statement+jws", "Ed25519"
SKEW = timedelta(minutes=5)  # of the clocks of two agencies


class Withdrawal(Value):
    """`statement_id`: of the same agency, earlier."""

    statement_id: UUID
    why: Literal["mistake", "appeal", "person_asked", "superseded"]


BODIES: dict[StatementKind, type[Value]] = {
    StatementKind.KNOWN: StatedHashes,
    StatementKind.HARMLESS: StatedHashes,
    StatementKind.CONTACT: StatedContact,
    StatementKind.OUTCOME: StatedOutcome,
    StatementKind.WITHDRAWAL: Withdrawal,
}


class Statement(Value):
    """`until`: it counts no longer then; None for what has no end."""

    version: Literal[1] = 1
    id: UUID
    issuer: Agency
    kind: StatementKind
    issued_at: AwareDatetime
    until: AwareDatetime | None = None
    body: dict[str, Any]

    @model_validator(mode="after")
    def _has_its_body(self) -> Self:
        BODIES[self.kind].model_validate(self.body)
        return self

    @property
    def said(self) -> Value:
        return BODIES[self.kind].model_validate(self.body)


class Unproved(ValueError):
    """The statement is none, or is not its issuer's; the message says why, in a word for a table of counts."""


def sign(statement: Statement, key: OKPKey) -> str:
    """`key`: private, with its `kid`."""
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}
    return jws.serialize_compact(header, statement.model_dump_json(), key, algorithms=[ALGORITHM])


def kid_of(text: str) -> str:
    """As its header says; empty where it has none. Proves nothing."""
    try:
        return str(jws.extract_compact(text.encode()).headers().get("kid"))
    except (JoseError, ValueError, RecursionError):
        return ""


def proved(text: str, issuer: str, keys: dict[str, OKPKey], now: datetime) -> Statement:
    """What `issuer` said; `keys`: its public ones, by `kid`. Raises `Unproved`."""
    if len(text) > MAX_JWS:
        raise Unproved("too-long")
    try:
        header = jws.extract_compact(text.encode()).headers()
        key = keys.get(str(header.get("kid")))
        if header.get("typ") != TYPE or key is None:
            raise Unproved("no-key-of-the-agency")
        payload = jws.deserialize_compact(text, key, algorithms=[ALGORITHM]).payload
        statement = Statement.model_validate_json(payload)
    except Unproved:
        raise
    except ValidationError as error:
        raise Unproved("not-a-statement") from error
    except (JoseError, ValueError, RecursionError) as error:
        raise Unproved("bad-signature") from error
    if statement.issuer != issuer:
        raise Unproved("another-issuer")
    if statement.issued_at > now + SKEW:
        raise Unproved("in-the-future")
    return statement
