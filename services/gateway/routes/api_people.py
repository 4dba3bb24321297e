"""The API of those who keep the accounts of an agency."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request

from services.gateway.accounts import Account
from services.gateway.api.cursors import Cursor, cursor_of, key_of, text
from services.gateway.api.secrets import HOLDS_SECRET
from services.gateway.parts import parts_of
from services.gateway.people import managing
from services.gateway.people.invitations import VALID_FOR
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_people_models import Invited, NewPerson, PersonItem, PersonList, RolesInput
from services.gateway.sessions import Visitor
from shared.database import Transaction

router = APIRouter(prefix="/api/people")
PAGE = 100
Admin = Annotated[Visitor, may(Right.MANAGE_PEOPLE)]


@router.get("")
async def listing(
    request: Request, visitor: Annotated[Visitor, may(Right.READ_PEOPLE, changes=True)], after: Cursor = None
) -> PersonList:
    """Who stands behind which pseudonym, by login; the history keeps that it was looked at."""
    begin = key_of(after, text)[0] if after else ""
    async with parts_of(request).database.transaction() as tx:
        found = await managing.people(tx, visitor.account.agency, begin, PAGE + 1)
        shown = found[:PAGE]
        await managing.seen(tx, visitor.account, shown)
    goes_on = cursor_of(shown[-1].account.login) if len(found) > PAGE else None
    return PersonList(items=[PersonItem.of(one) for one in shown], next=goes_on)


@router.post("", status_code=201, openapi_extra=HOLDS_SECRET)
async def add(request: Request, visitor: Admin, given: NewPerson) -> Invited:
    """A new account, with a link by which its holder chooses a password."""
    async with parts_of(request).database.transaction() as tx:
        account, token = await managing.add(
            tx, visitor.account.agency, given.login, given.name, given.roles, visitor.account
        )
        return link_for(request, tx, account, token)


def link_for(request: Request, tx: Transaction, account: Account, token: str) -> Invited:
    expires_at: datetime = tx.clock.now() + VALID_FOR
    link = f"{parts_of(request).people.url}/invitation/{token}"
    return Invited(pseudonym=account.pseudonym, link=link, expires_at=expires_at)


@router.post("/{pseudonym}/roles", status_code=204)
async def set_roles(request: Request, visitor: Admin, pseudonym: str, given: RolesInput) -> None:
    """Other roles; open sessions end. Nobody changes their own, and the last admin stays one."""
    async with parts_of(request).database.transaction() as tx:
        account = await managing.member(tx, visitor.account.agency, pseudonym)
        await managing.set_roles(tx, account, given.roles, visitor.account)


@router.post("/{pseudonym}/off", status_code=204)
async def switch_off(request: Request, visitor: Admin, pseudonym: str) -> None:
    """Nobody logs in with it any more; open sessions and links end."""
    async with parts_of(request).database.transaction() as tx:
        account = await managing.member(tx, visitor.account.agency, pseudonym)
        await managing.switch_off(tx, account, visitor.account)


@router.post("/{pseudonym}/on", status_code=204)
async def switch_on(request: Request, visitor: Admin, pseudonym: str) -> None:
    """It can be used again."""
    async with parts_of(request).database.transaction() as tx:
        account = await managing.member(tx, visitor.account.agency, pseudonym)
        await managing.switch_on(tx, account, visitor.account)


@router.post("/{pseudonym}/second-factor/reset", status_code=204)
async def reset_factor(request: Request, visitor: Admin, pseudonym: str) -> None:
    """A lost second factor counts no more; the next login sets another one up."""
    async with parts_of(request).database.transaction() as tx:
        account = await managing.member(tx, visitor.account.agency, pseudonym)
        await managing.reset_factor(tx, account, visitor.account)


@router.post("/{pseudonym}/invitation", openapi_extra=HOLDS_SECRET)
async def invite_again(request: Request, visitor: Admin, pseudonym: str) -> Invited:
    """A new link for whoever lost the password; the former link ends."""
    async with parts_of(request).database.transaction() as tx:
        account = await managing.member(tx, visitor.account.agency, pseudonym)
        return link_for(request, tx, account, await managing.invite_again(tx, account, visitor.account))
