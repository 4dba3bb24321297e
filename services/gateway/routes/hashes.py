"""Listing pictures by their hashes, which the browser computes: the pictures stay where they are."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway import submissions
from services.gateway.pages import STATIC, render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from services.gateway.submissions import CATEGORIES, MAX_PICTURES, SOURCES, Given
from shared.events.values import MIN_PDQ_QUALITY

router = APIRouter()
ALTERATIONS = (STATIC / "alterations.json").read_text()


@router.get("/hashes/new")
async def form(request: Request, visitor: Annotated[Visitor, may(Right.READ_CASES)]) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        latest = await submissions.newest(tx)
    sent = request.query_params.get("sent", "")
    return render(
        request,
        "hashes.html",
        visitor,
        submission_id=uuid4(),
        sources=SOURCES,
        categories=CATEGORIES,
        latest=latest,
        sent=int(sent) if sent.isdecimal() and len(sent) <= len(str(MAX_PICTURES)) else 0,
        most=MAX_PICTURES,
        least_quality=MIN_PDQ_QUALITY,
        alterations=ALTERATIONS,
    )


@router.post("/hashes")
async def submit(request: Request, visitor: Annotated[Visitor, may(Right.SUBMIT_HASHES)]) -> Response:
    given = given_by(await guarded_form(request, visitor.token))
    count = await submissions.submit(parts_of(request).database, given, visitor.account)
    return RedirectResponse(f"/hashes/new?sent={count}", 303)


def given_by(form: FormData) -> Given:
    """Raises `Problem` 422 with the field."""
    pictures = submissions.read_pictures(text_of(form, "pictures"))
    fields = {name: text_of(form, name).strip() for name in ("submission_id", "source", "category", "reference")}
    try:
        return Given(**fields, pictures=pictures)  # type: ignore[arg-type]  # pydantic checks the form's words
    except ValidationError as error:
        raise Problem(422, "bad-hashes", field=str(error.errors()[0]["loc"][0])) from error
