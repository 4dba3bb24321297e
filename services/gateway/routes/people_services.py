"""Service accounts on the pages of an agency's people."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.accounts import Account
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.people import managing, services
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.people import changed, list_page, told
from services.gateway.sessions import Visitor
from shared.database import Transaction

router = APIRouter(prefix="/people")
Admin = Annotated[Visitor, may(Right.MANAGE_PEOPLE)]
MAX_KEY = 8_192  # characters of a JWK


@router.post("/services")
async def add(request: Request, visitor: Admin) -> Response:
    form, parts = await guarded_form(request, visitor.token), parts_of(request)
    login, name = text_of(form, "login").strip().lower(), text_of(form, "name")
    try:
        async with parts.database.transaction() as tx:
            agency = visitor.account.agency
            account = await services.add(tx, agency, login, name, several(form, "scopes"), visitor.account)
    except Problem as problem:
        return await list_page(request, visitor, problem, {"service": login, "service_name": name})
    return RedirectResponse(f"/people/{account.pseudonym}", 303)


@router.post("/{pseudonym}/scopes")
async def set_scopes(request: Request, visitor: Admin, pseudonym: str) -> Response:
    form = await guarded_form(request, visitor.token)

    async def change(tx: Transaction, account: Account, actor: Account) -> None:
        await services.set_scopes(tx, account, several(form, "scopes"), actor)

    return await changed(request, visitor, pseudonym, change)


@router.post("/{pseudonym}/credentials")
async def add_credential(request: Request, visitor: Admin, pseudonym: str) -> Response:
    """A secret is in this answer and nowhere else; a public key is registered."""
    form, parts = await guarded_form(request, visitor.token), parts_of(request)
    try:
        days, jwk = number(text_of(form, "days")), text_of(form, "jwk").strip()
        async with parts.database.transaction() as tx:
            account = await managing.member(tx, visitor.account.agency, pseudonym)
            if jwk:
                await services.add_key(tx, account, read_key(jwk), days, visitor.account)
                return RedirectResponse(f"/people/{pseudonym}", 303)
            _, secret = await services.add_secret(tx, account, days, visitor.account)
    except Problem as problem:
        return await told(request, visitor, pseudonym, problem)
    return render(request, "people_secret.html", visitor, account=account, secret=secret)


@router.post("/{pseudonym}/credentials/{credential_id}/end")
async def end_credential(request: Request, visitor: Admin, pseudonym: str, credential_id: UUID) -> Response:
    await guarded_form(request, visitor.token)

    async def change(tx: Transaction, account: Account, actor: Account) -> None:
        await services.end(tx, account, credential_id, actor)

    return await changed(request, visitor, pseudonym, change)


def several(form: FormData, field: str) -> list[str]:
    return [value for value in form.getlist(field) if isinstance(value, str)]


def number(text: str) -> int:
    """Raises `Problem` 422."""
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Problem(422, "bad-days", field="days", most=services.MAX_DAYS)
    return int(text)


def read_key(text: str) -> dict[str, Any]:
    """Raises `Problem` 422."""
    try:
        key = json.loads(text[:MAX_KEY])
    except (ValueError, RecursionError) as error:
        raise Problem(422, "bad-key", field="jwk") from error
    if not isinstance(key, dict):
        raise Problem(422, "bad-key", field="jwk")
    return key
