"""The case page, and the verdict."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway import listing
from services.gateway.casefile import open_file
from services.gateway.evidence.files import REDACTED, kind, stand_in
from services.gateway.evidence.looks import opened as note_opening
from services.gateway.evidence.orders import MAX_WORDS
from services.gateway.notices import acting
from services.gateway.notices.proofs import korean_pieces, pieces
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.pictures import REASONS, VIEWING
from services.gateway.problems import Problem
from services.gateway.queue import priority_of
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from services.gateway.verdict import Decision, decide
from shared.events import Verdict

router = APIRouter()
MAX_NOTE = 2_000  # characters
MOST_LINES = 50  # of custody and of history, a few screens of a telephone; all are checked
# Why a case is rejected: a fixed vocabulary, so that the reasons can be counted and learned from.
REJECTIONS = ("wrong-match", "not-unlawful", "already-gone", "draft-wrong", "other")


@router.get("/cases/{case_id}")
async def case_page(
    request: Request, case_id: UUID, visitor: Annotated[Visitor, may(Right.READ_CASES)]
) -> HTMLResponse:
    parts = parts_of(request)
    await note_opening(parts.database, case_id, visitor.account, pictures=True)
    file = await open_file(parts.database, case_id)
    async with parts.database.transaction() as tx:
        following = await listing.next_waiting(tx)
    now = parts.clock.now()
    page = render(
        request,
        "case.html",
        visitor,
        file=file,
        case=file.case,
        priority=priority_of(file.case.factors, file.case.waits_since, file.case.due_at, now),
        following=following if following != case_id else None,
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
        new_id=uuid4,
        opened=opened(request),
        viewing_seconds=int(VIEWING.total_seconds()),
    )
    if request.query_params.get("ticket"):
        # Without scripts the page itself closes the picture again.
        page.headers["Refresh"] = f"{int(VIEWING.total_seconds())}; url=/cases/{case_id}"
    return page


def opened(request: Request) -> tuple[str, str] | None:
    """The picture that is unblurred on this page, and its ticket."""
    name, ticket = request.query_params.get("picture"), request.query_params.get("ticket")
    return (name, ticket) if name and ticket else None


@router.post("/cases/{case_id}/decision")
async def verdict(request: Request, case_id: UUID, visitor: Annotated[Visitor, may(Right.DECIDE_CASES)]) -> Response:
    form = await guarded_form(request, visitor.token)
    parts = parts_of(request)
    await decide(parts.database, parts.approvals, case_id, decision_of(form), visitor.account)
    return RedirectResponse(f"/cases/{case_id}#top", 303)


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
