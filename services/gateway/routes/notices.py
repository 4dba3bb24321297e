"""Forms of what follows the verdict: stop, hand in, see to an alarm; and the page of what a person hands in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.casefile import open_file
from services.gateway.evidence.looks import opened
from services.gateway.notices import acting
from services.gateway.notices.acting import MAX_RECEIPT, MAX_WORDS, HandOver
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor

router = APIRouter(prefix="/cases/{case_id}")
# What a form asks for, in the order in which forms ask for it; what else there is comes after.
FIRST = ("form", "urls", "category", "comments", "action", "citation", "contact_name", "contact_email", "contact_phone")
LISTS = ("urls", "sha256s", "pdqs")
MADE_FOR_US = ("page", "language")  # told by another field, or of no use to who fills a form in


@router.post("/stop")
async def stop(request: Request, case_id: UUID, visitor: Annotated[Visitor, may(Right.HANDLE_NOTICES)]) -> Response:
    form = await guarded_form(request, visitor.token)
    if not (chosen := ids_of(form, "notice")):
        raise Problem(422, "no-notices", field="notices")
    await acting.stop(parts_of(request).database, case_id, chosen, text_of(form, "why"), visitor.account)
    return RedirectResponse(f"/cases/{case_id}#next", 303)


@router.post("/attend")
async def attend(request: Request, case_id: UUID, visitor: Annotated[Visitor, may(Right.HANDLE_NOTICES)]) -> Response:
    form = await guarded_form(request, visitor.token)
    keys = [str(value) for value in form.getlist("alarm")]
    await acting.attend(parts_of(request).database, case_id, keys, text_of(form, "note"), visitor.account)
    return RedirectResponse(f"/cases/{case_id}#top", 303)


@router.get("/notices/{notice_id}/hand-over")
async def hand_over_page(
    request: Request, case_id: UUID, notice_id: UUID, visitor: Annotated[Visitor, may(Right.READ_CASES)]
) -> HTMLResponse:
    database = parts_of(request).database
    await opened(database, case_id, visitor.account, pictures=False)
    file = await open_file(database, case_id)
    row = next((row for row in file.notices if row.notice_id == notice_id and row.content), None)
    if row is None or row.content is None:
        raise Problem(404, "no-notice")
    fields = row.content.fields
    order = [*(name for name in FIRST if name in fields), *(name for name in fields if name not in FIRST)]
    return render(
        request,
        "hand_over.html",
        visitor,
        case=file.case,
        row=row,
        notice=row.content,
        fields=[(name, fields[name]) for name in order if fields[name] and name not in MADE_FOR_US],
        lists=LISTS,
        max_receipt=MAX_RECEIPT,
        max_words=MAX_WORDS,
    )


@router.post("/notices/{notice_id}/hand-over")
async def hand_over(
    request: Request, case_id: UUID, notice_id: UUID, visitor: Annotated[Visitor, may(Right.HANDLE_NOTICES)]
) -> Response:
    form = await guarded_form(request, visitor.token)
    done = HandOver(text_of(form, "receipt"), text_of(form, "failed"))
    await acting.hand_over(parts_of(request).database, case_id, notice_id, done, visitor.account)
    return RedirectResponse(f"/cases/{case_id}#n-{notice_id}", 303)


def ids_of(form: FormData, field: str) -> list[UUID]:
    try:
        return [UUID(str(value)) for value in form.getlist(field)]
    except ValueError as error:
        raise Problem(422, "bad-notices", field=field) from error
