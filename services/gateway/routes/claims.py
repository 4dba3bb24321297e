"""Claims on pages: the next case, this one, giving it back, putting it aside."""

from random import SystemRandom
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from services.gateway.answers import describe
from services.gateway.claims import choosing, claiming
from services.gateway.claims.choosing import Wish
from services.gateway.claims.going_on import next_path
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of, texts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor

router = APIRouter()
Reviewer = Annotated[Visitor, may(Right.CLAIM_CASES)]
MAX_WORD = 40  # characters of a category or a language


@router.post("/claims/next")
async def claim_next(request: Request, visitor: Reviewer) -> Response:
    form = await guarded_form(request, visitor.token)
    return RedirectResponse(await next_path(parts_of(request), visitor, SystemRandom(), wish_of(form)), 303)


@router.post("/claims/put-aside")
async def take_up(request: Request, visitor: Reviewer) -> Response:
    """What was put aside comes again."""
    await guarded_form(request, visitor.token)
    async with parts_of(request).database.transaction() as tx:
        await choosing.take_up(tx, visitor)
    return RedirectResponse("/", 303)


@router.post("/cases/{case_id}/claim")
async def claim(request: Request, case_id: UUID, visitor: Reviewer) -> Response:
    await guarded_form(request, visitor.token)
    async with parts_of(request).database.transaction() as tx:
        most = parts_of(request).most_claims(visitor.account)
        await claiming.claim(tx, case_id, visitor.account.pseudonym, tx.clock.now(), most)
    return RedirectResponse(f"/cases/{case_id}", 303)


@router.post("/cases/{case_id}/claim/renew")
async def renew(request: Request, case_id: UUID, visitor: Reviewer) -> PlainTextResponse:
    """The sentence that the page then says. Asked by it while somebody works on it."""
    await guarded_form(request, visitor.token)
    parts, texts = parts_of(request), texts_of(request)
    try:
        async with parts.database.transaction() as tx:
            held = await claiming.renew(tx, case_id, visitor.account.pseudonym, tx.clock.now())
    except Problem as refused:
        return PlainTextResponse(" ".join(describe(refused, texts).values()), refused.status)
    return PlainTextResponse(texts("claim.mine", until=held.until.astimezone(parts.timezone).strftime("%H:%M:%S %Z")))


@router.post("/cases/{case_id}/claim/leave")
async def leave(request: Request, case_id: UUID, visitor: Reviewer) -> Response:
    """Sent by a page that is closed (`navigator.sendBeacon`)."""
    await guarded_form(request, visitor.token)
    async with parts_of(request).database.transaction() as tx:
        await claiming.leave(tx, case_id, visitor.account.pseudonym, tx.clock.now())
    return Response(status_code=204)


@router.post("/cases/{case_id}/claim/release")
async def release(request: Request, case_id: UUID, visitor: Reviewer) -> Response:
    await guarded_form(request, visitor.token)
    async with parts_of(request).database.transaction() as tx:
        await claiming.release(tx, case_id, visitor.account.pseudonym, tx.clock.now())
    return RedirectResponse("/", 303)


@router.post("/cases/{case_id}/claim/skip")
async def skip(request: Request, case_id: UUID, visitor: Reviewer) -> Response:
    """Put aside; on to the next one."""
    form = await guarded_form(request, visitor.token)
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        await choosing.skip(tx, visitor, case_id, tx.clock.now())
    return RedirectResponse(await next_path(parts, visitor, SystemRandom(), wish_of(form)), 303)


def wish_of(form: FormData) -> Wish:
    """What the view that was open asks for; empty fields ask for nothing."""

    def word(name: str) -> str | None:
        return text_of(form, name)[:MAX_WORD] or None

    def flag(name: str) -> bool | None:
        return {"1": True, "0": False}.get(text_of(form, name))

    return Wish(
        category=word("category"),
        language=word("language"),
        further=flag("further"),
        known=flag("known"),
        reported=flag("reported"),
        pictures=flag("pictures"),
    )
