"""Cases that are alike, decided together: what each would get is shown first, single ones can be taken out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.clusters.deciding import Member, Together, decide_together, digest_of, preview
from services.gateway.clusters.finding import MOST, worth_it
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import MAX_NOTE, NO_NUL, ApprovedNotice, Input
from services.gateway.routes.deciding import REJECTIONS, note_of
from services.gateway.sessions import Visitor
from shared.events import Verdict

router = APIRouter()
api = APIRouter(prefix="/api")
Decider = Annotated[Visitor, may(Right.DECIDE_CASES)]
MOST_NOTICES = 20  # of one case


@router.get("/clusters")
async def clusters(request: Request, visitor: Decider) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        found = await worth_it(tx, visitor)
    return render(request, "clusters.html", visitor, clusters=found, most=MOST)


@router.get("/cases/{case_id}/cluster")
async def cluster(request: Request, case_id: UUID, visitor: Decider) -> HTMLResponse:
    async with parts_of(request).database.transaction() as tx:
        members, more = await preview(tx, visitor, case_id)
    return render(
        request, "cluster.html", visitor, members=members, more=more, most=MOST, lead=case_id, rejections=REJECTIONS
    )


@router.post("/cases/{case_id}/cluster")
async def decide(request: Request, case_id: UUID, visitor: Decider) -> Response:
    form = await guarded_form(request, visitor.token)
    parts = parts_of(request)
    batch = await decide_together(parts, visitor, together_of(form))
    return RedirectResponse(f"/verdicts/{batch}" if parts.undo and not visitor.account.scripted else "/", 303)


def together_of(form: FormData) -> Together:
    """Raises `Problem` 422 for a form that our page did not make."""
    try:
        verdict = Verdict(text_of(form, "verdict"))
        pairs = [str(value).partition(":") for value in form.getlist("case")]
        shown = {UUID(case_id): digest for case_id, _, digest in pairs}
    except ValueError as error:
        raise Problem(422, "bad-verdict", field="verdict") from error
    return Together(verdict, note_of(form, verdict), shown)


class MemberItem(BaseModel):
    """A case of a cluster. `kinds`: what agrees (picture, entry, case, template). `notices`: what approving it would
    approve. `lacks`: it cannot be approved as it is."""

    case_id: UUID
    title: str | None
    host: str | None
    kinds: list[str]
    notices: list[ApprovedNotice]
    lacks: bool

    @classmethod
    def of(cls, member: Member) -> "MemberItem":
        return cls(
            case_id=member.case.case_id,
            title=member.case.title,
            host=member.case.host,
            kinds=list(member.kinds),
            notices=[ApprovedNotice(notice_id=row.notice_id, sha256=row.sha256 or "") for row in member.draft],
            lacks=member.lacks,
        )


class ClusterItem(BaseModel):
    """A case and those like it that nobody else holds. `more`: there are more than can be decided together. `next` is
    always null: decide these, then ask again."""

    items: list[MemberItem]
    more: bool
    next: None = None


class ChosenCase(Input):
    """`notices`: all of its draft, as they were shown."""

    case_id: Annotated[UUID, Field(strict=False)]
    notices: Annotated[list[ApprovedNotice], Field(max_length=MOST_NOTICES)]


class TogetherInput(Input):
    """One verdict for all; rejecting needs a note."""

    verdict: Annotated[Verdict, Field(strict=False)]
    note: Annotated[str, Field(max_length=MAX_NOTE, pattern=NO_NUL)] = ""
    cases: Annotated[list[ChosenCase], Field(min_length=1, max_length=MOST)]


class Decided(BaseModel):
    """`batch`: by which they are taken back together, within the undo window."""

    batch: UUID
    cases: list[UUID]


@api.get("/cases/{case_id}/cluster")
async def cluster_of(request: Request, visitor: Decider, case_id: UUID) -> ClusterItem:
    """The waiting cases that are like this one, with the notices of each."""
    async with parts_of(request).database.transaction() as tx:
        members, more = await preview(tx, visitor, case_id)
    return ClusterItem(items=[MemberItem.of(one) for one in members], more=more)


@api.post("/clusters/decision")
async def decide_cases(request: Request, visitor: Decider, given: TogetherInput) -> Decided:
    """Decide cases together: all of them or none. 409 when one is not any more as you saw it."""
    shown = {one.case_id: digest_of({row.notice_id: row.sha256 for row in one.notices}) for one in given.cases}
    asked = Together(given.verdict, given.note, shown)
    if asked.verdict is Verdict.REJECTED and not asked.note.strip():
        raise Problem(422, "no-reason", field="note")
    batch = await decide_together(parts_of(request), visitor, asked)
    return Decided(batch=batch, cases=sorted(shown))
