"""The JSON API of what follows the verdict: stopping, handing in, seeing to alarms. The same rules as the pages."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request

from services.gateway.api.case_models import CaseDetail, detail
from services.gateway.casefile import open_file
from services.gateway.notices import acting
from services.gateway.notices.acting import MAX_RECEIPT, MAX_WORDS, HandOver
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import MAX_NOTICES, NO_NUL, Input
from services.gateway.sessions import Visitor

router = APIRouter(prefix="/api/cases/{case_id}")
Words = Annotated[str, Field(min_length=1, max_length=MAX_WORDS, pattern=NO_NUL)]

LooseId = Annotated[UUID, Field(strict=False)]  # JSON has no UUID


class StopInput(Input):
    """`notices`: which ones; empty for all of the case that are not sent yet."""

    notices: Annotated[tuple[LooseId, ...], Field(strict=False, max_length=MAX_NOTICES)] = ()
    why: Words


class HandOverInput(Input):
    """`receipt`: the number that the form gave; or `failed`: why it could not be handed in."""

    receipt: Annotated[str, Field(max_length=MAX_RECEIPT, pattern=NO_NUL)] = ""
    failed: Annotated[str, Field(max_length=MAX_WORDS, pattern=NO_NUL)] = ""


class AttendInput(Input):
    """`alarms`: their keys, as the case has them."""

    alarms: Annotated[list[Annotated[str, Field(max_length=1_000)]], Field(min_length=1, max_length=1_000)]
    note: Words


class StoppedNotices(BaseModel):
    """`stopped`: the notices that do not go out any more."""

    stopped: list[UUID]


@router.post("/stop")
async def stop(
    request: Request, visitor: Annotated[Visitor, may(Right.HANDLE_NOTICES)], case_id: UUID, given: StopInput
) -> StoppedNotices:
    """Stop approved notices that were not sent yet."""
    database = parts_of(request).database
    return StoppedNotices(stopped=await acting.stop(database, case_id, given.notices, given.why, visitor.account))


@router.post("/notices/{notice_id}/hand-over")
async def hand_over(
    request: Request,
    visitor: Annotated[Visitor, may(Right.HANDLE_NOTICES)],
    case_id: UUID,
    notice_id: UUID,
    given: HandOverInput,
) -> CaseDetail:
    """Say what came of handing it in by the form. Answers with the case as it is then."""
    database = parts_of(request).database
    await acting.hand_over(database, case_id, notice_id, HandOver(given.receipt, given.failed), visitor.account)
    return detail(await open_file(database, case_id))


@router.post("/attend")
async def attend(
    request: Request, visitor: Annotated[Visitor, may(Right.HANDLE_NOTICES)], case_id: UUID, given: AttendInput
) -> CaseDetail:
    """Somebody has seen to these alarms. Answers with the case as it is then."""
    database = parts_of(request).database
    await acting.attend(database, case_id, given.alarms, given.note, visitor.account)
    return detail(await open_file(database, case_id))
