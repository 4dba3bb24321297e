"""The verdict, what can be taken back of it, and the keys for it."""

from random import SystemRandom
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.claims.going_on import next_path
from services.gateway.deciding import shortcuts, undoing
from services.gateway.deciding.proposing import propose
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from services.gateway.verdict import Decision
from shared.events import Verdict

router = APIRouter()
MAX_NOTE = 2_000  # characters
# Why a case is rejected: a fixed vocabulary, so that the reasons can be counted and learned from.
REJECTIONS = ("wrong-match", "not-unlawful", "already-gone", "draft-wrong", "other")


@router.post("/cases/{case_id}/decision")
async def verdict(request: Request, case_id: UUID, visitor: Annotated[Visitor, may(Right.DECIDE_CASES)]) -> Response:
    """Then on to what comes next, when that is wanted (`then`)."""
    form = await guarded_form(request, visitor.token)
    parts = parts_of(request)
    async with parts.database.transaction() as tx:
        await propose(tx, parts.approvals, case_id, decision_of(form), visitor, window=parts.undo)
    wanted = text_of(form, "then") == "next"
    return RedirectResponse(await next_path(parts, visitor, SystemRandom()) if wanted else f"/cases/{case_id}#top", 303)


@router.get("/verdicts")
async def waiting(request: Request, visitor: Annotated[Visitor, may(Right.UNDO_DECISIONS)]) -> HTMLResponse:
    """The line above the pages, for whoever counts its seconds."""
    async with parts_of(request).database.transaction() as tx:
        pending = await undoing.told(tx, visitor)
    return render(request, "undo.html", visitor, pending=pending)


@router.get("/verdicts/{batch}")
async def undo_page(
    request: Request, batch: UUID, visitor: Annotated[Visitor, may(Right.UNDO_DECISIONS)]
) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        rows = await undoing.of_batch(tx, batch, visitor)
        pending = await undoing.told(tx, visitor)
    return render(request, "verdicts.html", visitor, rows=rows, pending=[one for one in pending if one.batch == batch])


@router.post("/verdicts/{batch}/undo")
async def undo(request: Request, batch: UUID, visitor: Annotated[Visitor, may(Right.UNDO_DECISIONS)]) -> Response:
    await guarded_form(request, visitor.token)
    async with parts_of(request).database.transaction() as tx:
        rows = await undoing.undo(tx, batch, visitor)
    return RedirectResponse(f"/cases/{rows[0].case_id}#top" if len(rows) == 1 else "/", 303)


@router.get("/shortcuts")
async def keys_page(request: Request, visitor: Annotated[Visitor, may(Right.OWN_SETTINGS)]) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        on = await shortcuts.on(tx, visitor.account.login)
    return render(request, "shortcuts.html", visitor, keys=shortcuts.KEYS, on=on)


@router.post("/shortcuts")
async def switch_keys(request: Request, visitor: Annotated[Visitor, may(Right.OWN_SETTINGS)]) -> Response:
    form = await guarded_form(request, visitor.token)
    async with parts_of(request).database.transaction() as tx:
        await shortcuts.switch(tx, visitor.account.login, on=text_of(form, "keys") == "on")
    return RedirectResponse("/shortcuts", 303)


def decision_of(form: FormData) -> Decision:
    """Raises `Problem` 422 for a form that our page did not make."""
    try:
        verdict = Verdict(text_of(form, "verdict"))
    except ValueError as error:
        raise Problem(422, "bad-verdict", field="verdict") from error
    shown = digests(form, "shown")
    return Decision(verdict, digests(form, "notice"), note_of(form, verdict), shown=shown, round=round_of(form))


def round_of(form: FormData) -> int:
    try:
        return int(text_of(form, "round") or 0)
    except ValueError as error:
        raise Problem(422, "bad-round", field="round") from error


def note_of(form: FormData, verdict: Verdict) -> str:
    note = text_of(form, "note").strip()[:MAX_NOTE]
    if verdict is Verdict.APPROVED:
        return note
    reason = text_of(form, "reason")
    if reason not in REJECTIONS:
        raise Problem(422, "no-reason", field="reason")
    if reason == "other" and not note:
        raise Problem(422, "no-reason", field="note")
    return f"{reason}: {note}" if note else reason


def digests(form: FormData, field: str) -> dict[UUID, str]:
    """`notice_id:sha256` of each such input."""
    pairs = [str(value).partition(":") for value in form.getlist(field)]
    try:
        return {UUID(notice_id): sha256 for notice_id, _, sha256 in pairs}
    except ValueError as error:
        raise Problem(422, "bad-notices", field=field) from error
