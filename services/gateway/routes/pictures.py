"""Pictures of a case: blurred ones for whoever may read the case, an unblurred one with the ticket of its viewing."""

from typing import Annotated
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.evidence.files import REDACTED, stand_in
from services.gateway.evidence.page_text import read_text
from services.gateway.levels import Level
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.pictures import (
    REASONS,
    VIEWING,
    blurred_picture,
    bytes_at,
    find,
    opened_picture,
    plain_bytes,
    unblur,
)
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.security import PICTURE_POLICY
from services.gateway.sessions import Visitor
from services.gateway.store import Case

router = APIRouter()
DERIVED = "image/jpeg"


@router.get("/cases/{case_id}/pictures/{name}")
async def picture(
    request: Request, case_id: UUID, name: str, visitor: Annotated[Visitor, may(Right.SEE_BLURRED)]
) -> Response:
    """As stored where it covers what it shows; with `ticket` and `level` (1 to 3) one that was opened."""
    parts, ticket = parts_of(request), request.query_params.get("ticket")
    if ticket is None:
        item = await blurred_picture(parts.database, case_id, name, visitor.account)
        return shown(name, await plain_bytes(parts.vault, case_id, item), item.media_type)
    level = level_of(request)
    item = await opened_picture(parts.database, case_id, name, ticket, level, visitor.account)
    data = await bytes_at(parts.vault, parts.derive, case_id, item, level)
    return shown(name, data, item.media_type if level is Level.COLOUR else DERIVED)


def shown(name: str, data: bytes, media_type: str) -> Response:
    headers = {
        "Content-Security-Policy": PICTURE_POLICY,
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "no-store, private",
    }
    return Response(data, media_type=media_type, headers=headers)


def level_of(request: Request) -> Level:
    """The lowest that is open when none is asked for. Raises `Problem` 422."""
    try:
        level = Level(int(request.query_params.get("level", Level.LESS)))
    except ValueError as error:
        raise Problem(422, "bad-level", field="level") from error
    return max(level, Level.LESS)


@router.post("/cases/{case_id}/unblur")
async def unblurred(
    request: Request, case_id: UUID, visitor: Annotated[Visitor, may(Right.UNBLUR_PICTURES)]
) -> Response:
    """Note the viewing, then show: htmx gets the picture's place with the key that is held, a plain form the page."""
    form = await guarded_form(request, visitor.token)
    name = text_of(form, "picture")
    ticket = await unblur(parts_of(request).database, case_id, name, text_of(form, "reason"), visitor.account)
    if "HX-Request" not in request.headers:
        opened = {"picture": name, "ticket": ticket, "level": int(Level.LESS)}
        return RedirectResponse(f"/cases/{case_id}?{urlencode(opened)}#{name}", 303)
    return await figure(request, visitor, case_id, name, ticket)


@router.post("/cases/{case_id}/text")
async def text(request: Request, case_id: UUID, visitor: Annotated[Visitor, may(Right.UNBLUR_PICTURES)]) -> Response:
    """Note the reading, then show. Shown as the answer itself: a second look at it is a second reading."""
    form = await guarded_form(request, visitor.token)
    parts = parts_of(request)
    read = await read_text(parts.database, parts.vault, case_id, text_of(form, "reason"), visitor.account)
    return render(request, "page_text.html", visitor, case_id=case_id, read=read)


@router.get("/cases/{case_id}/figures/{name}")
async def blurred_figure(
    request: Request, case_id: UUID, name: str, visitor: Annotated[Visitor, may(Right.SEE_BLURRED)]
) -> Response:
    """The picture's place on the page, blurred again."""
    return await figure(request, visitor, case_id, name, None)


async def figure(request: Request, visitor: Visitor, case_id: UUID, name: str, ticket: str | None) -> Response:
    return render(
        request,
        "figure.html",
        visitor,
        case_id=case_id,
        name=name,
        ticket=ticket,
        redacted=REDACTED,
        shown=await _stand_in(request, case_id, name),
        level=None,
        view_reasons=REASONS,
        viewing_seconds=int(VIEWING.total_seconds()),
    )


async def _stand_in(request: Request, case_id: UUID, name: str) -> str:
    async with parts_of(request).database.transaction() as tx:
        case = await tx.get(Case, case_id)
        find(case, name)
    return stand_in(name, (case.objects if case else None) or ())
