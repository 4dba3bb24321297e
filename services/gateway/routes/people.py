"""Who is who in an agency, and the accounts, for those who keep them."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.accounts import Account
from services.gateway.answers import describe
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.people import managing, services
from services.gateway.people.rules import FOR_PEOPLE, FOR_SERVICES
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of, texts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_people import link_for
from services.gateway.sessions import Visitor
from shared.database import Transaction

router = APIRouter(prefix="/people")
PAGE = 100
Admin = Annotated[Visitor, may(Right.MANAGE_PEOPLE)]
Change = Callable[[Transaction, Account, Account], Awaitable[None]]
NOTHING_TYPED = {"login": "", "name": "", "service": "", "service_name": ""}
CHANGES: dict[str, Change] = {
    "off": managing.switch_off,
    "on": managing.switch_on,
    "second-factor": managing.reset_factor,
}


@router.get("")
async def listing(request: Request, visitor: Annotated[Visitor, may(Right.READ_PEOPLE)]) -> Response:
    return await list_page(request, visitor)


async def list_page(
    request: Request, visitor: Visitor, problem: Problem | None = None, typed: dict[str, str] | None = None
) -> Response:
    """Each time that it is shown is a line of the history."""
    after = request.query_params.get("after", "").replace("\0", "")
    async with parts_of(request).database.transaction() as tx:
        found = await managing.people(tx, visitor.account.agency, after, PAGE + 1)
        await managing.seen(tx, visitor.account, found[:PAGE])
    return render(
        request,
        "people.html",
        visitor,
        problem.status if problem else 200,
        people=found[:PAGE],
        after=found[PAGE - 1].account.login if len(found) > PAGE else None,
        roles=FOR_PEOPLE,
        scopes=sorted(FOR_SERVICES),
        refusal=describe(problem, texts_of(request)) if problem else None,
        typed={**NOTHING_TYPED, **(typed or {})},
    )


@router.post("")
async def add(request: Request, visitor: Admin) -> Response:
    form, parts = await guarded_form(request, visitor.token), parts_of(request)
    login, name = text_of(form, "login").strip().lower(), text_of(form, "name")
    roles = [role for role in form.getlist("roles") if isinstance(role, str)]
    try:
        async with parts.database.transaction() as tx:
            agency = visitor.account.agency
            account, token = await managing.add(tx, agency, login, name, roles, visitor.account)
            invited = link_for(request, tx, account, token)
    except Problem as problem:
        return await list_page(request, visitor, problem, {"login": login, "name": name})
    return render(request, "people_invited.html", visitor, invited=invited, login=login)


@router.get("/{pseudonym}")
async def one(request: Request, visitor: Annotated[Visitor, may(Right.READ_PEOPLE)], pseudonym: str) -> Response:
    return await one_page(request, visitor, pseudonym)


async def one_page(request: Request, visitor: Visitor, pseudonym: str, problem: Problem | None = None) -> Response:
    async with parts_of(request).database.transaction() as tx:
        person = await managing.person(tx, visitor.account.agency, pseudonym)
        credentials = await services.alive(tx, person.account.login)
        await managing.seen(tx, visitor.account, [person])
    return render(
        request,
        "person.html",
        visitor,
        problem.status if problem else 200,
        one=person,
        credentials=credentials,
        roles=FOR_PEOPLE,
        scopes=sorted(FOR_SERVICES),
        oneself=person.account.login == visitor.account.login,
        refusal=describe(problem, texts_of(request)) if problem else None,
    )


@router.post("/{pseudonym}/roles")
async def set_roles(request: Request, visitor: Admin, pseudonym: str) -> Response:
    form = await guarded_form(request, visitor.token)
    roles = [role for role in form.getlist("roles") if isinstance(role, str)]

    async def change(tx: Transaction, account: Account, actor: Account) -> None:
        await managing.set_roles(tx, account, roles, actor)

    return await changed(request, visitor, pseudonym, change)


@router.post("/{pseudonym}/invitation")
async def invite_again(request: Request, visitor: Admin, pseudonym: str) -> Response:
    await guarded_form(request, visitor.token)
    try:
        async with parts_of(request).database.transaction() as tx:
            account = await managing.member(tx, visitor.account.agency, pseudonym)
            token = await managing.invite_again(tx, account, visitor.account)
            invited = link_for(request, tx, account, token)
    except Problem as problem:
        return await told(request, visitor, pseudonym, problem)
    return render(request, "people_invited.html", visitor, invited=invited, login=account.login)


@router.post("/{pseudonym}/change/{what}")
async def change(request: Request, visitor: Admin, pseudonym: str, what: str) -> Response:
    await guarded_form(request, visitor.token)
    if what not in CHANGES:
        raise Problem(404, "no-page")
    return await changed(request, visitor, pseudonym, CHANGES[what])


async def changed(request: Request, visitor: Visitor, pseudonym: str, change: Change) -> Response:
    try:
        async with parts_of(request).database.transaction() as tx:
            account = await managing.member(tx, visitor.account.agency, pseudonym)
            await change(tx, account, visitor.account)
    except Problem as problem:
        return await told(request, visitor, pseudonym, problem)
    return RedirectResponse(f"/people/{pseudonym}", 303)


async def told(request: Request, visitor: Visitor, pseudonym: str, problem: Problem) -> Response:
    """The form again, with what is wrong; for what is not there a page of its own."""
    if problem.status == 404:
        raise problem
    return await one_page(request, visitor, pseudonym, problem)
