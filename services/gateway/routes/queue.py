"""The queue: what awaits review, the most pressing first, and every other case by its state."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.gateway import alerts, listing
from services.gateway.domain import State
from services.gateway.listing import Wanted
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.queue import priority_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from shared.database import Transaction

router = APIRouter()
PAGE_SIZE = 50  # rows: a few screens, and fast on an old machine
VIEWS = {
    "review": Wanted(states=(State.DRAFTED,)),
    "next": Wanted(further=True),
    "hand-over": Wanted(handing=True),
    "alarm": Wanted(alarmed=True),
    "unproven": Wanted(unproven=True),
    "preparing": Wanted(states=(State.FOUND, State.FLAGGED, State.SEALED)),
    "under-way": Wanted(states=(State.APPROVED, State.SENT)),
    "closed": Wanted(states=(State.REMOVED, State.REJECTED)),
    "all": Wanted(),
}


@router.get("/")
async def queue(request: Request, visitor: Annotated[Visitor, may(Right.READ_CASES)]) -> HTMLResponse:
    parts = parts_of(request)
    view = request.query_params.get("view", "")
    view = view if view in VIEWS else "review"
    wanted = replace(VIEWS[view], limit=PAGE_SIZE, after=request.query_params.get("after"))
    async with parts.database.transaction() as tx:
        page = await listing.page(tx, wanted)
        counts = await view_counts(tx)
    now = parts.clock.now()
    rows = [(row, priority_of(row["factors"], row["waits_since"], row["due_at"], now)) for row in page.rows]
    return render(
        request,
        "queue.html",
        visitor,
        rows=rows,
        next=page.next,
        view=view,
        counts=counts,
        views=VIEWS,
        closed=VIEWS["closed"].states,
    )


@router.get("/waiting")
async def waiting(request: Request, visitor: Annotated[Visitor, may(Right.READ_CASES)]) -> HTMLResponse:
    """The live line above the queue. The table itself does not move under the reviewer's hand."""
    async with parts_of(request).database.transaction() as tx:
        counts = {"review": await listing.waiting(tx), "alerts": await alerts.count_open(tx)}
    return render(request, "waiting.html", visitor, counts=counts)


async def view_counts(tx: Transaction) -> dict[str, int]:
    by_state, owed = await listing.figures(tx)
    counts = {name: sum(by_state[state] for state in wanted.states or State) for name, wanted in VIEWS.items()}
    return counts | {
        "next": owed["further"],
        "hand-over": owed["handing"],
        "alarm": owed["alarmed"],
        "unproven": owed["unproven"],
        "alerts": await alerts.count_open(tx),
    }
