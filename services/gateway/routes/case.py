"""The case page, and the verdict."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.gateway import listing
from services.gateway.casefile import open_file
from services.gateway.claims import claiming
from services.gateway.deciding import shortcuts, undoing
from services.gateway.evidence.files import REDACTED, kind, stand_in
from services.gateway.evidence.looks import opened as note_opening
from services.gateway.evidence.orders import MAX_WORDS
from services.gateway.notices import acting
from services.gateway.notices.editing import words_changed
from services.gateway.notices.proofs import korean_pieces, pieces
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.pictures import REASONS, VIEWING
from services.gateway.queue import priority_of
from services.gateway.rights.asking import may
from services.gateway.rights.deciding import holds
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.deciding import REJECTIONS
from services.gateway.routes.pictures import level_of
from services.gateway.sessions import Visitor

router = APIRouter()
MOST_LINES = 50  # of custody and of history, a few screens of a telephone; all are checked


@router.get("/cases/{case_id}")
async def case_page(
    request: Request, case_id: UUID, visitor: Annotated[Visitor, may(Right.READ_CASES)]
) -> HTMLResponse:
    parts, account = parts_of(request), visitor.account
    sees = holds(visitor, Right.SEE_BLURRED)
    await note_opening(parts.database, case_id, account, pictures=sees)
    file = await open_file(parts.database, case_id)
    async with parts.database.transaction() as tx:
        following = await listing.next_waiting(tx)
        pending = await undoing.told(tx, visitor) if holds(visitor, Right.UNDO_DECISIONS) else []
        claim = await claiming.holder(tx, case_id, tx.clock.now())
        keys = await shortcuts.on(tx, account.login)
    page = render(
        request,
        "case.html",
        visitor,
        file=file,
        case=file.case,
        priority=priority_of(file.case.factors, file.case.waits_since, file.case.due_at, parts.clock.now()),
        following=following if following != case_id else None,
        pending=pending,
        claim=claim,
        keys=shortcuts.KEYS if keys else {},
        undo_seconds=0 if account.scripted else int(parts.undo.total_seconds()),
        rejections=REJECTIONS,
        view_reasons=REASONS,
        stand_in=stand_in,
        file_kind=kind,
        redacted=REDACTED,
        max_words=MAX_WORDS,
        most_lines=MOST_LINES,
        max_stop=acting.MAX_WORDS,
        pieces=pieces,
        korean_pieces=korean_pieces,
        words_changed=words_changed,
        new_id=uuid4,
        opened=opened(request),
        viewing_seconds=int(VIEWING.total_seconds()),
    )
    if request.query_params.get("ticket"):
        # Without scripts the page itself closes the picture again.
        page.headers["Refresh"] = f"{int(VIEWING.total_seconds())}; url=/cases/{case_id}"
    return page


def opened(request: Request) -> tuple[str, str, int] | None:
    """The picture that is opened on this page, its ticket and level."""
    name, ticket = request.query_params.get("picture"), request.query_params.get("ticket")
    return (name, ticket, level_of(request)) if name and ticket else None
