"""The JSON API: cases, their history, the verdict. The same rules and checks as the pages."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request

from services.gateway import counting, listing
from services.gateway.api.case_models import CaseDetail, detail
from services.gateway.api.cursors import Cursor, cursor_of, key_of, whole
from services.gateway.api.list_models import MAX_LIMIT, ListQuery
from services.gateway.casefile import open_file
from services.gateway.deciding.proposing import propose
from services.gateway.evidence.looks import opened
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import CaseItem, CaseList, DecisionInput, History, HistoryLine, Summary
from services.gateway.sessions import Visitor
from services.gateway.verdict import Decision

router = APIRouter(prefix="/api")


@router.get("/cases")
async def cases(
    request: Request,
    visitor: Annotated[Visitor, may(Right.READ_CASES)],
    asked: Annotated[ListQuery, Query()],
) -> CaseList:
    """Cases in the order of review. A poller asks with `updated_since` a few seconds before its last request: a case
    shows only when its transaction has ended."""
    wanted = asked.wanted(visitor.account.agency, visitor.account.pseudonym)
    async with parts_of(request).database.transaction() as tx:
        page = await listing.page(tx, wanted)
    return CaseList(items=[CaseItem(**row) for row in page.rows], next=page.next)


@router.get("/cases/{case_id}")
async def case(request: Request, visitor: Annotated[Visitor, may(Right.READ_CASES)], case_id: UUID) -> CaseDetail:
    """Everything known of a case. That it was opened is kept in its history."""
    parts = parts_of(request)
    await opened(parts.database, case_id, visitor.account, pictures=False)
    return detail(await open_file(parts.database, case_id))


@router.get("/cases/{case_id}/history")
async def case_history(
    request: Request,
    visitor: Annotated[Visitor, may(Right.READ_CASES)],
    case_id: UUID,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = MAX_LIMIT,
) -> History:
    """The audit history of a case, the oldest line first. All of it is checked, whatever part is shown."""
    beyond = key_of(after, whole)[0] if after else 0
    file = await open_file(parts_of(request).database, case_id)
    lines = [line for line in file.history if line.seq > beyond]
    following = cursor_of(lines[limit - 1].seq) if len(lines) > limit else None
    items = [HistoryLine.model_validate(line) for line in lines[:limit]]
    return History(items=items, next=following, intact=file.broken is None)


@router.post("/cases/{case_id}/decision")
async def decision(
    request: Request, visitor: Annotated[Visitor, may(Right.DECIDE_CASES)], case_id: UUID, given: DecisionInput
) -> CaseDetail:
    """Approve or reject a round, once. Answers with the case as it is then.

    A person's verdict waits for the undo window, in the state `deciding` until `deciding_until`; a program's is given
    at once."""
    parts = parts_of(request)
    approved = {item.notice_id: item.sha256 for item in given.notices}
    decision = Decision(given.verdict, approved, given.note, round=given.round)
    async with parts.database.transaction() as tx:
        await propose(tx, parts.approvals, case_id, decision, visitor, window=parts.undo)
    return detail(await open_file(parts.database, case_id))


@router.get("/summary")
async def summary(request: Request, visitor: Annotated[Visitor, may(Right.READ_CASES)]) -> Summary:
    """How many cases there are in each state and with each alarm, and how long the stages take."""
    agency = visitor.account.agency
    async with parts_of(request).database.transaction() as tx:
        by_state = await counting.counts(tx, agency)
        return Summary(
            total=sum(by_state.values()),
            by_state=by_state,
            alarms=await counting.alarms(tx, agency),
            median_seconds=await counting.medians(tx, agency),
        )
