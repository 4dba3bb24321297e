"""Changing the words of a notice before its approval: a page that shows what changes, and the API for it."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.notices.editing import MAX_BODY, MAX_SUBJECT, edited, words_changed
from services.gateway.notices.edits import edit, editable
from services.gateway.notices.meaning import to_confirm
from services.gateway.notices.proofs import pieces
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import NO_NUL, Input
from services.gateway.sessions import Visitor
from shared.database import Transaction
from shared.events.values import Notice, Sha256

pages = APIRouter(prefix="/cases/{case_id}/notices/{notice_id}")
router = APIRouter(prefix="/api/cases/{case_id}/notices/{notice_id}")
Editor = Annotated[Visitor, may(Right.EDIT_NOTICES)]


class EditInput(Input):
    """`sha256`: the digest of the notice that was looked at. Both texts missing: as it was drafted. `save` false: only
    say what would change. `confirmed`: the digest that such an answer gave, where it has `to_confirm`."""

    sha256: Sha256
    subject: Annotated[str | None, Field(min_length=1, max_length=MAX_SUBJECT, pattern=NO_NUL)] = None
    body: Annotated[str | None, Field(min_length=1, max_length=MAX_BODY, pattern=NO_NUL)] = None
    save: bool = True
    confirmed: Sha256 | Literal[""] = ""


class ChangeItem(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: Literal["kept", "out", "in"]
    text: str


class PassageItem(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: Literal["figure", "demand"]
    words: str


class EditedNotice(BaseModel):
    """`drafted_sha256`: of the notice as it was drafted. `body`: what changed of it, word by word. `to_confirm`:
    figures and paragraphs with a demand of the law that changed."""

    notice_id: UUID
    sha256: Sha256
    drafted_sha256: Sha256
    saved: bool
    subject: list[ChangeItem]
    body: list[ChangeItem]
    to_confirm: list[PassageItem]


@pages.get("/edit")
async def edit_page(request: Request, case_id: UUID, notice_id: UUID, visitor: Editor) -> Response:
    async with parts_of(request).database.transaction() as tx:
        draft, present = await _both(tx, case_id, notice_id, visitor)
    return shown(request, visitor, case_id, draft, present, present.subject, present.body)


@pages.post("/edit")
async def edit_form(request: Request, case_id: UUID, notice_id: UUID, visitor: Editor) -> Response:
    """`do`: look (show what changes), save, or drafted (as it was drafted)."""
    form = await guarded_form(request, visitor.token)
    database, seen, wanted = parts_of(request).database, text_of(form, "sha256"), text_of(form, "do")
    subject, body = text_of(form, "subject"), text_of(form, "body")
    found = None
    if wanted in ("save", "drafted"):
        words = (subject, body) if wanted == "save" else None
        try:
            await edit(database, case_id, notice_id, seen, words, visitor, text_of(form, "confirmed"))
            return RedirectResponse(f"/cases/{case_id}#n-{notice_id}", 303)
        except Problem as problem:
            if problem.status != 422:
                raise
            found = problem  # shown with the words that were typed
    async with database.transaction() as tx:
        draft, present = await _both(tx, case_id, notice_id, visitor)
    return shown(request, visitor, case_id, draft, present, subject, body, found)


def shown(
    request: Request,
    visitor: Visitor,
    case_id: UUID,
    draft: Notice,
    present: Notice,
    subject: str,
    body: str,
    problem: Problem | None = None,
) -> Response:
    made = draft
    if (subject, body) != (draft.subject, draft.body):
        try:
            subject, body = (made := edited(draft, subject, body)).subject, made.body
        except Problem as wrong:
            problem = problem or wrong
    return render(
        request,
        "notice_edit.html",
        visitor,
        problem.status if problem else 200,
        case_id=case_id,
        draft=draft,
        sha256=present.sha256,
        subject=subject,
        body=body,
        problem=problem,
        edited=present.sha256 != draft.sha256,
        to_confirm=to_confirm(draft, made),
        confirming=made.sha256,
        subject_changes=words_changed(draft.subject, subject),
        body_changes=words_changed(draft.body, body),
        pieces=pieces,
        most={"subject": MAX_SUBJECT, "body": MAX_BODY},
    )


async def _both(tx: Transaction, case_id: UUID, notice_id: UUID, visitor: Visitor) -> tuple[Notice, Notice]:
    """As it was drafted, and as it is now."""
    _, row, draft = await editable(tx, case_id, notice_id, visitor)
    return draft, row.content or draft


@router.post("/edit")
async def edit_notice(
    request: Request, visitor: Editor, case_id: UUID, notice_id: UUID, given: EditInput
) -> EditedNotice:
    """Change the words of a notice that awaits approval, or see what would change.

    Addresses, digests, dates, the reference and what satisfies a demand of the law must stay; no address comes in.
    Where a figure changes, or a paragraph with a demand, read what would change first and confirm its digest."""
    database = parts_of(request).database
    async with database.transaction() as tx:
        draft, present = await _both(tx, case_id, notice_id, visitor)
    drafted = given.subject is None and given.body is None
    words = given.subject or present.subject, given.body or present.body
    made = draft if drafted else edited(draft, *words)
    if given.save:
        seen, chosen = given.sha256, None if drafted else words
        await edit(database, case_id, notice_id, seen, chosen, visitor, given.confirmed)
    return EditedNotice(
        notice_id=notice_id,
        sha256=made.sha256,
        drafted_sha256=draft.sha256,
        saved=given.save,
        subject=[ChangeItem.model_validate(one) for one in words_changed(draft.subject, made.subject)],
        body=[ChangeItem.model_validate(one) for one in words_changed(draft.body, made.body)],
        to_confirm=[PassageItem.model_validate(one) for one in to_confirm(draft, made)],
    )
