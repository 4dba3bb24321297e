"""The JSON API of golden cases, doubts and second looks."""

from datetime import date
from random import SystemRandom
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request

from services.gateway.answers import Errors
from services.gateway.api.cursors import Cursor
from services.gateway.api.secrets import HOLDS_SECRET
from services.gateway.care import again, golden
from services.gateway.evidence.looks import opens
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import NO_NUL, Input
from services.gateway.sessions import Visitor
from shared.events import Verdict

router = APIRouter(prefix="/api", responses={s: {"model": Errors} for s in (401, 403, 422)})
Senior = Annotated[Visitor, may(Right.KEEP_GOLDEN)]
Decider = Annotated[Visitor, may(Right.DECIDE_CASES)]
GONE: dict[int | str, dict[str, Any]] = {404: {"model": Errors}, 409: {"model": Errors}}
LOST: dict[int | str, dict[str, Any]] = {404: {"model": Errors}, 410: {"model": Errors}}
MOST_DOUBTS = 100


class GoldenInput(Input):
    case_id: Annotated[UUID, Field(strict=False)]
    verdict: Annotated[Verdict, Field(strict=False)]
    why: Annotated[str, Field(min_length=1, max_length=golden.MAX_WHY, pattern=NO_NUL)]


class AgreedInput(Input):
    """`shown`: of the proposal that you looked at; another one under the same case is refused with 409."""

    shown: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class GoldenItem(BaseModel):
    """`shown`: SHA-256 of what is proposed, to be sent back with an agreement."""

    model_config = ConfigDict(from_attributes=True)

    case_id: UUID
    category: str
    verdict: Verdict
    why: str
    state: str
    proposed_by: str
    proposed_at: AwareDatetime
    agreed_by: str | None
    ended_by: str | None
    shown: str


class DoubtItem(BaseModel):
    """`said`: the other verdict; whose it is is not kept."""

    model_config = ConfigDict(from_attributes=True)

    case_id: UUID
    said: Verdict
    day: date


class GoldenList(BaseModel):
    """`doubts`: the oldest hundred; who has seen to one makes room for the next."""

    items: list[GoldenItem]
    next: str | None
    doubts: list[DoubtItem]


class NextLook(BaseModel):
    """`look`: null most of the time."""

    look: str | None


class LookItem(BaseModel):
    """Without the verdict and who gave it."""

    look: str
    title: str | None
    category: str | None
    language: str | None
    excerpt: str
    reasons: list[str]


class SaidInput(Input):
    verdict: Annotated[Verdict, Field(strict=False)]


class ToldItem(BaseModel):
    agreed: bool
    first: Verdict
    why: str


@router.get("/golden", summary="Golden cases and doubts")
async def golden_cases(
    request: Request,
    visitor: Senior,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=golden.SHOWN)] = golden.SHOWN,
) -> GoldenList:
    """The newest golden cases; the oldest doubts that nobody has seen to."""
    async with parts_of(request).database.transaction() as tx:
        rows, following = await golden.shown(tx, limit, after)
        doubts = await again.doubts(tx, MOST_DOUBTS)
    items = [GoldenItem.model_validate(row) for row, _ in rows]
    return GoldenList(items=items, next=following, doubts=[DoubtItem.model_validate(one) for one in doubts])


@router.post("/golden", status_code=204, responses=GONE, summary="Propose a golden case")
async def propose(request: Request, visitor: Senior, given: GoldenInput) -> None:
    """Another senior has to agree. The same again changes nothing."""
    async with parts_of(request).database.transaction() as tx:
        await golden.propose(tx, visitor.account, given.case_id, given.verdict, given.why)


@router.post("/golden/{case_id}/agree", status_code=204, responses=GONE, summary="Agree to a golden case")
async def agree(request: Request, visitor: Senior, case_id: UUID, given: AgreedInput) -> None:
    """403 for whoever proposed it."""
    async with parts_of(request).database.transaction() as tx:
        await golden.agree(tx, visitor.account, case_id, given.shown)


@router.post("/golden/{case_id}/end", status_code=204, responses=GONE, summary="End a golden case")
async def end(request: Request, visitor: Senior, case_id: UUID) -> None:
    """It is asked of nobody any more."""
    async with parts_of(request).database.transaction() as tx:
        await golden.end(tx, visitor.account, case_id)


@router.post("/golden/doubts/{case_id}", status_code=204, responses=GONE, summary="See to a doubt")
async def attend(request: Request, visitor: Senior, case_id: UUID) -> None:
    """The decision was looked at again."""
    async with parts_of(request).database.transaction() as tx:
        await again.attend(tx, visitor.account, case_id)


# What a person is asked and answers is kept nowhere beside who it is, and so is no answer of these two.
@router.post("/blind-looks/next", openapi_extra=HOLDS_SECRET, summary="Whether a second opinion is asked of you")
async def next_look(request: Request, visitor: Decider) -> NextLook:
    """The one that waits for you, or by chance a new one. To be asked before the next case."""
    async with again.silent(parts_of(request).database).transaction() as tx:
        return NextLook(look=await again.due(tx, visitor.account, tx.clock.now(), SystemRandom()))


@router.get("/blind-looks/{look}", responses=LOST, summary="The case of a second opinion")
async def second_look(
    request: Request, visitor: Annotated[Visitor, may(Right.DECIDE_CASES, changes=True)], look: str
) -> LookItem:
    """The history keeps that you opened it, as of any case."""
    async with parts_of(request).database.transaction() as tx:
        _, case = await again.held(tx, visitor.account, look)
        await opens(tx, case.case_id, visitor.account, pictures=False)
    return LookItem(
        look=look,
        title=case.title,
        category=case.category,
        language=case.language,
        excerpt=case.finding.excerpt if case.finding else "",
        reasons=[reason.text for reason in case.assessment.reasons] if case.assessment else [],
    )


@router.post("/blind-looks/{look}", responses=LOST, openapi_extra=HOLDS_SECRET, summary="Give a second opinion")
async def answer(request: Request, visitor: Decider, look: str, given: SaidInput) -> ToldItem:
    """Nothing is decided and nothing sent. You alone are told whether you agree."""
    async with again.silent(parts_of(request).database).transaction() as tx:
        told = await again.answer(tx, visitor.account, look, given.verdict, tx.clock.now())
    return ToldItem(agreed=told.agreed, first=told.first, why=told.why)


@router.delete("/blind-looks/{look}", status_code=204, responses=LOST, summary="Skip a second opinion")
async def skip(request: Request, visitor: Decider, look: str) -> None:
    """Without a reason, and without a trace in any figure."""
    async with again.silent(parts_of(request).database).transaction() as tx:
        await again.skip(tx, visitor.account, look)
