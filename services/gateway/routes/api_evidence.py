"""The JSON API of sealed evidence: its custody, what is ordered of it, and the bundle that was made."""

from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.api.bodies import ZIP
from services.gateway.api.cursors import Cursor, cursor_of, key_of, moment
from services.gateway.api.evidence_models import EvidenceDetail, Ordered, OrderItem, OrderList, evidence_of
from services.gateway.api.moments import Moment
from services.gateway.casefile import open_file
from services.gateway.evidence.downloads import download
from services.gateway.evidence.orders import MAX_WORDS, Wanted, listed, place
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import NO_NUL, Input
from services.gateway.routes.orders import handed_out
from services.gateway.sessions import Visitor
from shared.events import OrderKind

router = APIRouter(prefix="/api/cases/{case_id}")
MAX_LIMIT = 1000
Words = Annotated[str, Field(min_length=1, max_length=MAX_WORDS, pattern=NO_NUL)]


class OrderInput(Input):
    """`order_id` is the sender's own: the same sent twice is ordered once. `until`: when a hold ends by itself;
    `hold`: the order whose hold a release ends, when there are several. What ends a hold or destroys waits until a
    second person confirms it (`POST /api/confirmations/{order_id}/confirm`)."""

    order_id: Annotated[UUID, Field(strict=False, default_factory=uuid4)]
    kind: Literal["bundle", "hold", "release", "destroy"]
    why: Words
    basis: Words
    until: Moment | None = None
    hold: Annotated[UUID | None, Field(strict=False)] = None


@router.get("/evidence")
async def evidence(
    request: Request, visitor: Annotated[Visitor, may(Right.READ_EVIDENCE)], case_id: UUID
) -> EvidenceDetail:
    """What was sealed of a case, how it stands, and its chain of custody, recomputed."""
    return evidence_of(await open_file(parts_of(request).database, case_id))


@router.get("/orders")
async def orders(
    request: Request,
    visitor: Annotated[Visitor, may(Right.READ_EVIDENCE)],
    case_id: UUID,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = MAX_LIMIT,
) -> OrderList:
    """What was ordered of the evidence of a case, the newest first."""
    parts = parts_of(request)
    beyond = key_of(after, moment, UUID) if after else None
    _, placed = await listed(parts.database, case_id)
    rows = [row for row in placed if beyond is None or (row.ordered_at, row.order_id) < beyond]
    last = rows[limit - 1] if len(rows) > limit else None
    following = cursor_of(last.ordered_at, last.order_id) if last else None
    return OrderList(items=[OrderItem.of(row, parts.clock.now()) for row in rows[:limit]], next=following)


@router.post("/orders", status_code=202)
async def order(
    request: Request, visitor: Annotated[Visitor, may(Right.ORDER_EVIDENCE)], case_id: UUID, given: OrderInput
) -> Ordered:
    """Order a bundle, a legal hold or the end of one. `GET` the orders to see what became of it."""
    wanted = Wanted(**{**given.model_dump(), "kind": OrderKind(given.kind)})
    return Ordered(order_id=await place(parts_of(request).database, case_id, wanted, visitor))


@router.get("/orders/{order_id}/bundle", response_class=Response, responses=ZIP)
async def bundle(
    request: Request,
    visitor: Annotated[Visitor, may(Right.ORDER_EVIDENCE, changes=True)],
    case_id: UUID,
    order_id: UUID,
) -> Response:
    """The bundle, as one file. Each request is a copy in the chain of custody."""
    parts = parts_of(request)
    return handed_out(case_id, await download(parts.database, parts.exports, case_id, order_id, visitor.account))
