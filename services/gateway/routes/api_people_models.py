"""What the API of accounts takes and gives."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.gateway.people.managing import MAX_NAME, Person
from services.gateway.people.services import MAX_DAYS
from services.gateway.people.store import Credential
from services.gateway.routes.api_models import NO_NUL, Input

Code = Annotated[str, Field(max_length=40, pattern=NO_NUL)]
Password = Annotated[str, Field(max_length=512, pattern=NO_NUL)]
Words = Annotated[list[Annotated[str, Field(max_length=40, pattern=NO_NUL)]], Field(max_length=40)]


class NewPerson(Input):
    """`name`: as colleagues know the person; admins alone see it."""

    login: Annotated[str, Field(max_length=64, pattern=NO_NUL)]
    name: Annotated[str, Field(max_length=MAX_NAME, pattern=NO_NUL)] = ""
    roles: Words


class RolesInput(Input):
    roles: Words


class NewService(Input):
    login: Annotated[str, Field(max_length=64, pattern=NO_NUL)]
    name: Annotated[str, Field(max_length=MAX_NAME, pattern=NO_NUL)] = ""
    scopes: Words


class ScopesInput(Input):
    scopes: Words


class PublicKey(Input):
    """A public JWK (RFC 7517). A private member is refused, not ignored."""

    kty: Annotated[str, Field(max_length=10)]
    crv: Annotated[str | None, Field(max_length=20)] = None
    x: Annotated[str | None, Field(max_length=200)] = None
    y: Annotated[str | None, Field(max_length=200)] = None
    n: Annotated[str | None, Field(max_length=2_048)] = None
    e: Annotated[str | None, Field(max_length=20)] = None
    alg: Annotated[str | None, Field(max_length=20)] = None
    use: Annotated[str | None, Field(max_length=20)] = None
    kid: Annotated[str | None, Field(max_length=200, pattern=NO_NUL)] = None


class NewCredential(Input):
    """With `jwk` a public key is registered; without, a secret is made and told once."""

    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = 90
    jwk: PublicKey | None = None


class CredentialItem(BaseModel):
    """`secret`: only in the answer that made it."""

    credential_id: UUID
    kind: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    ended_at: datetime | None
    secret: str | None = None

    @classmethod
    def of(cls, row: Credential, secret: str | None = None) -> Self:
        return cls(
            credential_id=row.credential_id,
            kind=row.kind,
            created_at=row.created_at,
            expires_at=row.expires_at,
            used_at=row.used_at,
            ended_at=row.ended_at,
            secret=secret,
        )


class PersonItem(BaseModel):
    """`scopes`: of a service. `seen_at`: the newest request of an open session. `provider`: an identity provider
    vouches for the person."""

    pseudonym: str
    login: str
    name: str | None
    roles: list[str]
    scopes: list[str] | None
    scripted: bool
    second_factor: bool
    provider: bool
    created_at: datetime
    off_at: datetime | None
    seen_at: datetime | None

    @classmethod
    def of(cls, one: Person) -> Self:
        account = one.account
        return cls(
            pseudonym=account.pseudonym,
            login=account.login,
            name=account.name,
            roles=account.roles,
            scopes=account.scopes,
            scripted=account.scripted,
            second_factor=one.enrolled,
            provider=account.issuer is not None,
            created_at=account.created_at,
            off_at=account.off_at,
            seen_at=one.seen_at,
        )


class PersonList(BaseModel):
    items: list[PersonItem]
    next: str | None


class Invited(BaseModel):
    """`link`: opens once, until `expires_at`; told only here."""

    pseudonym: str
    link: str
    expires_at: datetime


class CredentialList(BaseModel):
    """At most five are alive at once, so `next` is always null."""

    items: list[CredentialItem]
    next: None = None
