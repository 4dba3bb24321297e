"""The queue: what awaits review, the most pressing first, and every other case by its state."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway import alerts, counting, listing
from services.gateway.claims import claiming, saved
from services.gateway.claims.asked import FILTERS, REVIEW, VIEWS, query_of, wanted_of
from services.gateway.counting import COUNTED
from services.gateway.deciding import undoing
from services.gateway.pages import render
from services.gateway.parts import parts_of
from services.gateway.queue import HARM, priority_of
from services.gateway.requests import guarded_form, text_of
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from shared.database import Transaction

router = APIRouter()
Reader = Annotated[Visitor, may(Right.READ_CASES)]
PAGE_SIZE = 50  # rows: a few screens, and fast on an old machine
CATEGORIES = (*HARM, "suspected_text", "other", "unknown")


@router.get("/")
async def queue(request: Request, visitor: Reader) -> HTMLResponse:
    parts, account = parts_of(request), visitor.account
    query = query_of(request.query_params)
    wanted = wanted_of(query, account.agency, account.pseudonym, request.query_params.get("after"), PAGE_SIZE)
    async with parts.database.transaction() as tx:
        now = tx.clock.now()
        page = await listing.page(tx, wanted)
        counts = await view_counts(tx, visitor)
        views, held = await saved.of(tx, visitor), await claiming.mine(tx, account.pseudonym, now)
        titles = await listing.titles(tx, [one.case_id for one in held])
        pending = await undoing.told(tx, visitor)
    rows = [(row, priority_of(row["factors"], row["waits_since"], row["due_at"], now)) for row in page.rows]
    return render(
        request,
        "queue.html",
        visitor,
        rows=rows,
        next=page.next,
        view=query.get("view", REVIEW),
        counts=counts,
        counted=COUNTED,
        views=VIEWS,
        closed=VIEWS["closed"].states,
        query=query,
        filtered={name: value for name, value in query.items() if name in FILTERS},
        address=urlencode(query),
        categories=CATEGORIES,
        saved=views,
        held=held,
        titles=titles,
        pending=pending,
        nothing_left="left" in request.query_params,
    )


@router.get("/waiting")
async def waiting(request: Request, visitor: Reader) -> HTMLResponse:
    """The live line above the queue. The table itself does not move under the reviewer's hand."""
    async with parts_of(request).database.transaction() as tx:
        counts = {"review": await listing.waiting(tx, COUNTED + 1), "alerts": await alerts.count_open(tx)}
    return render(request, "waiting.html", visitor, counts=counts, counted=COUNTED)


@router.post("/views")
async def save_view(request: Request, visitor: Reader) -> Response:
    """Under a name; `shared` shows it to the agency."""
    form = await guarded_form(request, visitor.token)
    query = query_of({name: text_of(form, name) for name in ("view", *FILTERS)})
    async with parts_of(request).database.transaction() as tx:
        await saved.save(tx, visitor, text_of(form, "name"), query, bool(text_of(form, "shared")))
    return RedirectResponse(f"/?{urlencode(query)}", 303)


@router.post("/views/{view_id}/drop")
async def drop_view(request: Request, view_id: UUID, visitor: Reader) -> Response:
    await guarded_form(request, visitor.token)
    async with parts_of(request).database.transaction() as tx:
        await saved.drop(tx, visitor, view_id)
    return RedirectResponse("/", 303)


async def view_counts(tx: Transaction, visitor: Visitor) -> dict[str, int]:
    """Of all views but the one of everything, which nobody works through."""
    counted = {name: wanted for name, wanted in VIEWS.items() if name != "all"}
    counts = await counting.at_most(tx, counted, visitor.account.agency)
    return counts | {"alerts": await alerts.count_open(tx)}
