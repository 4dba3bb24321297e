"""The JSON API of verdicts that can be taken back, and of the keys of the case page."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from services.gateway.deciding import shortcuts, undoing
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import Input
from services.gateway.sessions import Visitor
from shared.events import Verdict

router = APIRouter(prefix="/api")


class VerdictItem(BaseModel):
    """Verdicts of one's own that were given together. `titles`: of their cases, by id. `why`: empty while they can be
    taken back; else they were not given, for that reason (draft-changed …)."""

    model_config = ConfigDict(from_attributes=True)

    batch: UUID
    verdict: Verdict
    titles: dict[UUID, str | None]
    due_at: datetime
    why: str


class VerdictList(BaseModel):
    """The newest first. `next` is always null: one person has a few of them at a time."""

    items: list[VerdictItem]
    next: None = None


class Undone(BaseModel):
    """`cases`: those that await review again."""

    cases: list[UUID]


class Keys(Input):
    """Whether single letters do something on the case page."""

    on: bool


@router.get("/verdicts")
async def verdicts(request: Request, visitor: Annotated[Visitor, may(Right.UNDO_DECISIONS)]) -> VerdictList:
    """What one has decided and can still take back, and what was not given after all."""
    async with parts_of(request).database.transaction() as tx:
        told = await undoing.told(tx, visitor)
    return VerdictList(items=[VerdictItem.model_validate(one) for one in told])


@router.post("/verdicts/{batch}/undo")
async def undo(request: Request, visitor: Annotated[Visitor, may(Right.UNDO_DECISIONS)], batch: UUID) -> Undone:
    """Take one's verdicts back before their undo window ends: all of the batch, or none."""
    async with parts_of(request).database.transaction() as tx:
        rows = await undoing.undo(tx, batch, visitor)
    return Undone(cases=[row.case_id for row in rows])


@router.get("/shortcuts")
async def keys(request: Request, visitor: Annotated[Visitor, may(Right.OWN_SETTINGS)]) -> Keys:
    """Whether one's keys are on."""
    async with parts_of(request).database.transaction() as tx:
        return Keys(on=await shortcuts.on(tx, visitor.account.login))


@router.put("/shortcuts")
async def switch_keys(request: Request, visitor: Annotated[Visitor, may(Right.OWN_SETTINGS)], given: Keys) -> Keys:
    """Switch one's keys on or off."""
    async with parts_of(request).database.transaction() as tx:
        await shortcuts.switch(tx, visitor.account.login, on=given.on)
    return given
