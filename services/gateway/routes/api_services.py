"""The API of service accounts: programs with scopes, and what they prove themselves with."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request

from services.gateway.api.secrets import HOLDS_SECRET
from services.gateway.parts import parts_of
from services.gateway.people import managing, services
from services.gateway.people.managing import Person
from services.gateway.people.store import Credential
from services.gateway.problems import Problem
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_people_models import (
    CredentialItem,
    CredentialList,
    NewCredential,
    NewService,
    PersonItem,
    ScopesInput,
)
from services.gateway.sessions import Visitor

router = APIRouter(prefix="/api/services")
Admin = Annotated[Visitor, may(Right.MANAGE_PEOPLE)]


@router.post("", status_code=201)
async def add(request: Request, visitor: Admin, given: NewService) -> PersonItem:
    """A program with these scopes; `login` is its client_id. It needs a credential next."""
    async with parts_of(request).database.transaction() as tx:
        agency = visitor.account.agency
        account = await services.add(tx, agency, given.login, given.name, given.scopes, visitor.account)
        return PersonItem.of(Person(account, enrolled=False, seen_at=None))


@router.post("/{pseudonym}/scopes", status_code=204)
async def set_scopes(request: Request, visitor: Admin, pseudonym: str, given: ScopesInput) -> None:
    """Other scopes; open tokens end."""
    async with parts_of(request).database.transaction() as tx:
        account = await managing.member(tx, visitor.account.agency, pseudonym)
        await services.set_scopes(tx, account, given.scopes, visitor.account)


@router.get("/{pseudonym}/credentials")
async def listing(request: Request, visitor: Admin, pseudonym: str) -> CredentialList:
    """Those that still open something, the oldest first."""
    async with parts_of(request).database.transaction() as tx:
        account = await managing.member(tx, visitor.account.agency, pseudonym)
        services.check_service(account)
        return CredentialList(items=[CredentialItem.of(one) for one in await services.alive(tx, account.login)])


@router.post("/{pseudonym}/credentials", status_code=201, openapi_extra=HOLDS_SECRET)
async def add_credential(request: Request, visitor: Admin, pseudonym: str, given: NewCredential) -> CredentialItem:
    """A secret, told only in this answer; or a public key with which assertions are signed."""
    async with parts_of(request).database.transaction() as tx:
        account = await managing.member(tx, visitor.account.agency, pseudonym)
        secret = None
        if given.jwk:
            jwk = given.jwk.model_dump(exclude_none=True)
            credential_id = await services.add_key(tx, account, jwk, given.days, visitor.account)
        else:
            credential_id, secret = await services.add_secret(tx, account, given.days, visitor.account)
        await tx.flush()
        row = await tx.get(Credential, credential_id)
        if row is None:
            raise Problem(404, "no-credential")
        return CredentialItem.of(row, secret)


@router.post("/{pseudonym}/credentials/{credential_id}/end", status_code=204)
async def end_credential(request: Request, visitor: Admin, pseudonym: str, credential_id: UUID) -> None:
    """It opens nothing any more; open tokens of the service end."""
    async with parts_of(request).database.transaction() as tx:
        account = await managing.member(tx, visitor.account.agency, pseudonym)
        await services.end(tx, account, credential_id, visitor.account)
