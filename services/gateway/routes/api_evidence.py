"""The JSON API of sealed evidence: its custody, what is ordered of it, and the bundle that was made."""

from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.answers import Errors
from services.gateway.casefile import CaseFile, open_file
from services.gateway.evidence.downloads import download
from services.gateway.evidence.files import kind
from services.gateway.evidence.orders import MAX_WORDS, Order, Wanted, listed, place
from services.gateway.parts import parts_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.routes.api_models import NO_NUL, Input
from services.gateway.routes.orders import handed_out
from services.gateway.sessions import Visitor
from shared.events import OrderKind

router = APIRouter(prefix="/api/cases/{case_id}", responses={s: {"model": Errors} for s in (401, 403, 404, 409, 422)})
Words = Annotated[str, Field(min_length=1, max_length=MAX_WORDS, pattern=NO_NUL)]


class OrderInput(Input):
    """`order_id` is the sender's own: the same sent twice is ordered once. `until`: when a hold ends by itself;
    `hold`: the order whose hold a release ends, when there are several."""

    order_id: Annotated[UUID, Field(strict=False, default_factory=uuid4)]
    kind: Literal["bundle", "hold", "release"]
    why: Words
    basis: Words
    until: Annotated[AwareDatetime | None, Field(strict=False)] = None
    hold: Annotated[UUID | None, Field(strict=False)] = None


class OrderItem(BaseModel):
    """`state`: ordered, done or failed; `downloadable`: the bundle can be fetched now."""

    order_id: UUID
    kind: OrderKind
    state: Literal["ordered", "done", "failed"]
    by: str
    why: str
    basis: str
    ordered_at: AwareDatetime
    done_at: AwareDatetime | None
    result: dict[str, Any] | None
    error: str | None
    downloadable: bool


@router.get("/evidence")
async def evidence(
    request: Request, visitor: Annotated[Visitor, may(Right.READ_EVIDENCE)], case_id: UUID
) -> dict[str, Any]:
    """What was sealed, how it stands, and its chain of custody. `custody_intact`: every hash was recomputed."""
    return told(await open_file(parts_of(request).database, case_id))


def told(file: CaseFile) -> dict[str, Any]:
    case, standing = file.case, file.standing
    return {
        "manifest_sha256": case.manifest_sha256,
        "mode": case.mode,
        "sealed_at": case.sealed_at,
        "failed_at": case.failed_at,
        "failure": case.failure,
        "incomplete": case.incomplete or [],
        "destroyed_at": case.destroyed_at,
        "files": [{**item.model_dump(), "kind": kind(item.name)} for item in case.objects or ()],
        "stamps": standing.stamps,
        "holds": standing.holds,
        "custody": file.custody,
        "custody_intact": standing.broken is None,
        "custody_broken_at": standing.broken,
    }


@router.get("/orders")
async def orders(
    request: Request, visitor: Annotated[Visitor, may(Right.READ_EVIDENCE)], case_id: UUID
) -> list[OrderItem]:
    """The newest first."""
    parts = parts_of(request)
    _, placed = await listed(parts.database, case_id)
    return [item(row, row.downloadable(parts.clock.now())) for row in placed]


def item(row: Order, downloadable: bool) -> OrderItem:
    state = "ordered" if row.done_at is None else "failed" if row.error else "done"
    return OrderItem.model_validate({**vars(row), "state": state, "downloadable": downloadable})


@router.post("/orders", status_code=202)
async def order(
    request: Request, visitor: Annotated[Visitor, may(Right.ORDER_EVIDENCE)], case_id: UUID, given: OrderInput
) -> dict[str, UUID]:
    """Order it; `GET` the orders to see what became of it."""
    wanted = Wanted(**{**given.model_dump(), "kind": OrderKind(given.kind)})
    return {"order_id": await place(parts_of(request).database, case_id, wanted, visitor.account)}


@router.get("/orders/{order_id}/bundle")
async def bundle(
    request: Request,
    visitor: Annotated[Visitor, may(Right.ORDER_EVIDENCE, changes=True)],
    case_id: UUID,
    order_id: UUID,
) -> Response:
    """The bundle, as one file. Each request is a copy in the chain of custody."""
    parts = parts_of(request)
    return handed_out(case_id, await download(parts.database, parts.exports, case_id, order_id, visitor.account))
