"""Exports of the audit history: asked for by one, confirmed by another, fetched within a day."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from services.gateway import history
from services.gateway.audit import HISTORY_CHAIN, Action
from services.gateway.parts import parts_of
from services.gateway.problems import Problem
from services.gateway.rights.asking import may
from services.gateway.rights.confirming import Confirmation, Kind, Outcome, propose
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_audit_models import ExportInput, Proposed
from services.gateway.sessions import Visitor
from services.gateway.tree import exporting, growing

router = APIRouter(prefix="/api/audit/exports")
READY_FOR = timedelta(days=1)  # after the confirmation, an export can be fetched
BLOCK = 64 * 1024  # bytes sent at once: a row is a few hundred


@router.post("", status_code=202)
async def ask_for_export(
    request: Request, visitor: Annotated[Visitor, may(Right.EXPORT_HISTORY)], given: ExportInput
) -> Proposed:
    """Ask another person to confirm an export."""
    return Proposed(confirmation_id=await proposed(request, visitor, given))


async def proposed(request: Request, visitor: Visitor, given: ExportInput) -> UUID:
    details = given.model_dump(mode="json", exclude={"confirmation_id", "why"}, exclude_defaults=True)
    async with parts_of(request).database.transaction() as tx:
        row = await propose(tx, visitor, Kind.EXPORT_HISTORY, details, given.why, confirmation_id=given.confirmation_id)
        return row.confirmation_id


@router.get("/{confirmation_id}", response_class=StreamingResponse)
async def export(
    request: Request, confirmation_id: UUID, visitor: Annotated[Visitor, may(Right.EXPORT_HISTORY, changes=True)]
) -> Response:
    """The confirmed export, JSON lines; `haetae_verify history` checks it. Each request is a line of the history."""
    return await handed_out(request, confirmation_id, visitor)


async def handed_out(request: Request, confirmation_id: UUID, visitor: Visitor) -> Response:
    database, now = parts_of(request).database, parts_of(request).clock.now()
    async with database.transaction() as tx:
        row = await tx.get(Confirmation, confirmation_id)
        if row is None or row.kind != Kind.EXPORT_HISTORY:
            raise Problem(404, "no-confirmation")
        if row.outcome != Outcome.CONFIRMED or row.ended_at is None or now > row.ended_at + READY_FOR:
            raise Problem(409, "not-confirmed", field="confirmation_id")
        if await growing.newest(tx) is None:
            raise Problem(409, "no-head-yet")
        asked = exporting.Asked(**ExportInput.model_validate({**row.details, "why": row.why}, strict=False).model_dump(
            include={"chains", "since", "until", "heads"}))  # fmt: skip
        told = {"confirmation": str(confirmation_id)} | row.details
        await history.append(tx, HISTORY_CHAIN, visitor.account.pseudonym, Action.EXPORTED, told)
        sees_all = await exporting.one_agency(tx)
    name = f"history-{now:%Y%m%d-%H%M%S}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    body = in_blocks(exporting.rows(database, asked, visitor.account.pseudonym, sees_all=sees_all))
    return StreamingResponse(body, media_type="application/jsonl", headers=headers)


async def in_blocks(rows: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A row is a few hundred bytes: too little to be sent by itself."""
    waiting = bytearray()
    async for row in rows:
        waiting += row
        if len(waiting) >= BLOCK:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)
