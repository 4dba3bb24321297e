"""Webhooks on pages: for those who keep an agency's people and settings."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, tzinfo
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.accounts import Account
from services.gateway.answers import describe
from services.gateway.bridges import feed
from services.gateway.bridges.webhooks import managing
from services.gateway.bridges.webhooks.managing import MAX_NAME, MAX_OVERLAP_HOURS, MAX_URL, Wanted
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of, texts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_events import beginning
from services.gateway.routes.people_services import several
from services.gateway.sessions import Visitor
from shared.database import Transaction

router = APIRouter(prefix="/webhooks")
Keeper = Annotated[Visitor, may(Right.MANAGE_WEBHOOKS)]
Act = Callable[[Transaction, Account, UUID], Awaitable[None]]
ACTS: dict[str, Act] = {
    "test": managing.test,
    "pause": managing.pause,
    "resume": managing.resume,
    "end": managing.end,
}
LIMITS = {"name": MAX_NAME, "url": MAX_URL, "hours": MAX_OVERLAP_HOURS}
OLDEST, NOW = "oldest", "now"


@router.get("")
async def listing(request: Request, visitor: Keeper) -> Response:
    return await list_page(request, visitor)


async def list_page(
    request: Request, visitor: Visitor, problem: Problem | None = None, typed: Wanted | None = None
) -> Response:
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        rows = await managing.listing(tx, visitor.account.agency)
    return render(
        request,
        "webhooks.html",
        visitor,
        problem.status if problem else 200,
        rows=rows,
        on=parts.webhooks.on,
        types=sorted(feed.TYPES),
        typed=typed or Wanted("", "", ()),
        limits=LIMITS,
        refusal=describe(problem, texts_of(request)) if problem else None,
    )


@router.post("")
async def add(request: Request, visitor: Keeper) -> Response:
    """The secret is in this answer and nowhere else."""
    form, parts = await guarded_form(request, visitor.token), parts_of(request)
    wanted = wanted_of(text_of(form, "name"), text_of(form, "url"), several(form, "types"))
    try:
        async with parts.database.transaction() as tx:
            ends = await feed.ends(tx)
            position = ends.newest if text_of(form, "from") == NOW else ends.forgotten
            row, secret = await managing.add(tx, parts.webhooks, visitor.account, wanted, position)
    except Problem as problem:
        return await list_page(request, visitor, problem, wanted)
    return render(request, "webhook_secret.html", visitor, row=row, secret=secret)


@router.get("/{webhook_id}")
async def one(request: Request, visitor: Keeper, webhook_id: UUID) -> Response:
    return await one_page(request, visitor, webhook_id)


async def one_page(request: Request, visitor: Visitor, webhook_id: UUID, problem: Problem | None = None) -> Response:
    """Raises `Problem` 404."""
    async with parts_of(request).database.transaction() as tx:
        row = await managing.one(tx, visitor.account.agency, webhook_id)
        tried = await managing.attempts(tx, webhook_id)
        newest = (await feed.ends(tx)).newest
    return render(
        request,
        "webhook.html",
        visitor,
        problem.status if problem else 200,
        row=row,
        tried=tried,
        behind=max(0, newest - row.position),
        types=sorted(feed.TYPES),
        limits=LIMITS,
        refusal=describe(problem, texts_of(request)) if problem else None,
    )


@router.post("/{webhook_id}")
async def change(request: Request, visitor: Keeper, webhook_id: UUID) -> Response:
    form, parts = await guarded_form(request, visitor.token), parts_of(request)
    wanted = wanted_of(text_of(form, "name"), text_of(form, "url"), several(form, "types"))

    async def act(tx: Transaction, by: Account, webhook_id: UUID) -> None:
        await managing.change(tx, parts.webhooks, by, webhook_id, wanted)

    return await done(request, visitor, webhook_id, act)


@router.post("/{webhook_id}/secret")
async def rotate(request: Request, visitor: Keeper, webhook_id: UUID) -> Response:
    form, parts = await guarded_form(request, visitor.token), parts_of(request)
    try:
        async with parts.database.transaction() as tx:
            hours = hours_of(text_of(form, "hours"))
            row, secret = await managing.rotate(tx, parts.webhooks, visitor.account, webhook_id, hours)
    except Problem as problem:
        return await told(request, visitor, webhook_id, problem)
    return render(request, "webhook_secret.html", visitor, row=row, secret=secret)


@router.post("/{webhook_id}/replay")
async def replay(request: Request, visitor: Keeper, webhook_id: UUID) -> Response:
    """From the oldest that is kept, where neither a place nor a moment is given."""
    form, zone = await guarded_form(request, visitor.token), parts_of(request).timezone
    after, since = text_of(form, "after").strip(), text_of(form, "since").strip()

    async def act(tx: Transaction, by: Account, webhook_id: UUID) -> None:
        position = await beginning(tx, after or None, moment_of(since, zone))
        await managing.replay(tx, by, webhook_id, position)

    return await done(request, visitor, webhook_id, act)


@router.post("/{webhook_id}/act/{act}")
async def acted(request: Request, visitor: Keeper, webhook_id: UUID, act: str) -> Response:
    await guarded_form(request, visitor.token)
    if act not in ACTS:
        raise Problem(404, "no-page")
    return await done(request, visitor, webhook_id, ACTS[act])


async def done(request: Request, visitor: Visitor, webhook_id: UUID, act: Act) -> Response:
    try:
        async with parts_of(request).database.transaction() as tx:
            await act(tx, visitor.account, webhook_id)
    except Problem as problem:
        return await told(request, visitor, webhook_id, problem)
    return RedirectResponse(f"/webhooks/{webhook_id}", 303)


async def told(request: Request, visitor: Visitor, webhook_id: UUID, problem: Problem) -> Response:
    """The page again, with what is wrong; for what is not there a page of its own."""
    if problem.status == 404:
        raise problem
    return await one_page(request, visitor, webhook_id, problem)


def wanted_of(name: str, url: str, types: list[str]) -> Wanted:
    return Wanted(name[:MAX_NAME], url.strip()[: MAX_URL + 1], types)


def hours_of(text: str) -> int:
    """Raises `Problem` 422."""
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise Problem(422, "bad-hours", field="hours", most=MAX_OVERLAP_HOURS)
    return int(text)


def moment_of(text: str, zone: tzinfo) -> datetime | None:
    """As a field of date and time gives it, in the time zone of the pages. Raises `Problem` 422."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Problem(422, "bad-moment", field="since") from error
