"""The JSON API of alerts and submitted hashes."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from services.gateway import alerts, submissions
from services.gateway.alerts import Alert
from services.gateway.api.cursors import Cursor
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import MAX_NOTE, NO_NUL, Input
from services.gateway.sessions import Visitor
from services.gateway.submissions import Given
from shared.events import ConversationAlerted

router = APIRouter(prefix="/api")
MAX_LIMIT = 1000


class Acknowledgement(Input):
    note: Annotated[str, Field(min_length=1, max_length=MAX_NOTE, pattern=NO_NUL)]


class AlertItem(BaseModel):
    """An alert about a conversation, never with what was said in it, and who took it up."""

    alert: ConversationAlerted
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None


class AlertList(BaseModel):
    """Those that nobody took up first, the riskiest before. `open`: how many nobody took up, shown here or not."""

    items: list[AlertItem]
    next: str | None
    open: int


class Receipt(BaseModel):
    """`pictures`: how many are watched for from now on."""

    pictures: int


@router.get("/alerts")
async def list_alerts(
    request: Request,
    visitor: Annotated[Visitor, may(Right.READ_ALERTS)],
    open_only: Annotated[bool, Query(alias="open")] = False,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 200,
) -> AlertList:
    """Alerts about conversations: those that nobody took up first, the riskiest before."""
    async with parts_of(request).database.transaction() as tx:
        rows, following = await alerts.page(tx, open_only=open_only, limit=limit, after=after)
        items = [AlertItem(**shown(row)) for row in rows]
        return AlertList(items=items, next=following, open=await alerts.count_open(tx))


@router.post("/alerts/{alert_id}/acknowledge")
async def acknowledge(
    request: Request, visitor: Annotated[Visitor, may(Right.TAKE_ALERTS)], alert_id: UUID, given: Acknowledgement
) -> AlertItem:
    """Take the alert up, once. 409 when somebody else did."""
    database = parts_of(request).database
    await alerts.acknowledge(database, alert_id, given.note, visitor.account)
    async with database.transaction() as tx:
        row = await tx.get(Alert, alert_id)
        if row is None:
            raise LookupError(f"alert {alert_id} vanished after it was taken up")
        return AlertItem(**shown(row))


@router.post("/hashes")
async def submit(request: Request, visitor: Annotated[Visitor, may(Right.SUBMIT_HASHES)], given: Given) -> Receipt:
    """List pictures by their hashes (SHA-256, PDQ, PDQ of variants, computed where the pictures are). The same again
    changes nothing."""
    return Receipt(pictures=await submissions.submit(parts_of(request).database, given, visitor.account))


def shown(row: Alert) -> dict[str, Any]:
    return {
        "alert": row.alert,
        "acknowledged_at": row.acknowledged_at,
        "acknowledged_by": row.acknowledged_by,
        "note": row.note,
    }
