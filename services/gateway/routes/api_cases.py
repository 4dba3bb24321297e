"""The JSON API: cases, their history, the verdict. The same rules and checks as the pages."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime
from starlette.requests import Request

from services.gateway import listing
from services.gateway.answers import Errors
from services.gateway.casefile import CaseFile, RoundFile, open_file
from services.gateway.domain import State
from services.gateway.evidence.looks import opened
from services.gateway.listing import Wanted
from services.gateway.notices.rows import CaseNotice
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import CaseItem, CaseList, DecisionInput, History, HistoryLine, Summary
from services.gateway.sessions import Visitor
from services.gateway.store import Base
from services.gateway.verdict import Decision, decide

router = APIRouter(prefix="/api", responses={status: {"model": Errors} for status in (401, 403, 404, 409, 413, 422)})
MAX_LIMIT = 1000  # rows of one answer: a few hundred KiB


@router.get("/cases")
async def cases(
    request: Request,
    visitor: Annotated[Visitor, may(Right.READ_CASES)],
    state: State | None = None,
    after: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 100,
    updated_since: AwareDatetime | None = None,
) -> CaseList:
    """Cases in the order of review. A poller asks with `updated_since` a few seconds before its last request: a case
    shows only when its transaction has ended."""
    wanted = Wanted((state,) if state else (), after=after, limit=limit, updated_since=updated_since)
    async with parts_of(request).database.transaction() as tx:
        page = await listing.page(tx, wanted)
    return CaseList(items=[CaseItem(**row) for row in page.rows], next=page.next)


@router.get("/cases/{case_id}")
async def case(request: Request, visitor: Annotated[Visitor, may(Right.READ_CASES)], case_id: UUID) -> dict[str, Any]:
    """Everything known of a case. `notices` are those of the present draft, in ladder order, each with its `sha256`;
    `rounds` the further drafts with theirs; `plan` what happens next; `links` cases of the same content."""
    parts = parts_of(request)
    await opened(parts.database, case_id, visitor.account, pictures=False)
    return detail(await open_file(parts.database, case_id))


def detail(file: CaseFile) -> dict[str, Any]:
    case = file.case
    return {
        **fields_of(case),
        "notices": [notice(row) for row in file.draft],
        "other_notices": [notice(row) for row in file.others],
        "rounds": [further(one) for one in file.rounds],
        "answers": [fields_of(answer) for answer in file.answers],
        "alarms": [{"key": one.key, **asdict(one)} for one in file.alarms],
        "links": [asdict(link) for link in file.linked],
        "stages": [{"state": stage.state, "at": stage.at, "seconds": stage.seconds} for stage in file.stages],
        "history_intact": file.broken is None,
    }


def further(one: RoundFile) -> dict[str, Any]:
    return {**fields_of(one.row), "notices": [notice(row) for row in one.draft]}


def notice(row: CaseNotice) -> dict[str, Any]:
    """What was drafted, and what became of it."""
    became = {name: value for name, value in fields_of(row).items() if name not in ("content", "case_id", "position")}
    return {**(row.content.model_dump() if row.content else {}), **became, "state": row.state}


def fields_of(row: Base) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


@router.get("/cases/{case_id}/history")
async def case_history(request: Request, visitor: Annotated[Visitor, may(Right.READ_CASES)], case_id: UUID) -> History:
    file = await open_file(parts_of(request).database, case_id)
    return History(lines=[HistoryLine.model_validate(line) for line in file.history], intact=file.broken is None)


@router.post("/cases/{case_id}/decision")
async def decision(
    request: Request, visitor: Annotated[Visitor, may(Right.DECIDE_CASES)], case_id: UUID, given: DecisionInput
) -> dict[str, Any]:
    """Approve or reject a round, once. Answers with the case as it is then."""
    parts = parts_of(request)
    approved = {item.notice_id: item.sha256 for item in given.notices}
    decision = Decision(given.verdict, approved, given.note, round=given.round)
    await decide(parts.database, parts.approvals, case_id, decision, visitor.account)
    return detail(await open_file(parts.database, case_id))


@router.get("/summary")
async def summary(request: Request, visitor: Annotated[Visitor, may(Right.READ_CASES)]) -> Summary:
    async with parts_of(request).database.transaction() as tx:
        by_state = await listing.counts(tx)
        return Summary(
            total=sum(by_state.values()),
            by_state=by_state,
            alarms=await listing.alarms(tx),
            median_seconds=await listing.medians(tx),
        )
