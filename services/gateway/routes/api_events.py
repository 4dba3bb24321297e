"""Public events over HTTP: read page by page, or as a stream."""

from collections.abc import AsyncIterator
from random import Random
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.api.bodies import refuses
from services.gateway.api.moments import Moment
from services.gateway.bridges import feed
from services.gateway.bridges.bell import Bell
from services.gateway.bridges.cloudevents import BATCH, batched, sequence_of, told
from services.gateway.parts import Parts, parts_of
from services.gateway.problems import Problem
from services.gateway.rights.asking import may
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from shared.database import Transaction
from shared.failures import Transient

router = APIRouter(prefix="/api/events")
Reader = Annotated[Visitor, may(Right.READ_EVENTS)]
MOST, MOST_WAIT_S = 1_000, 30  # events of a page; proxies close what is silent for a minute
AT_ONCE = 200  # events of a stream's piece: some 100 KB
HEARTBEAT_S, BLOCKED_S = 15.0, 20.0  # as of `/api/live`
# A stream ends after about that; who comes back is asked again whether they may.
OPEN_S, SPREAD_S = 240.0, 120.0
RETRY = b"retry: 2000\r\n\r\n"  # milliseconds
spread = Random()

PLACE = r"^[0-9]{1,18}$"
After = Annotated[str | None, Query(pattern=PLACE, description="`sequence` of the last event that you have")]
LastId = Annotated[str | None, Header(alias="Last-Event-ID", description="In place of `after`, as browsers send it")]
Since = Annotated[Moment | None, Query(description="In place of `after`: what came here at this moment or later")]
Type = Annotated[str, Query(pattern=f"^({'|'.join(sorted(feed.TYPES))})$".replace(".", r"\."))]
Types = Annotated[list[Type] | None, Query(max_length=20, description="Of these types only; may stand several times")]
EVENT = {
    "type": "object",
    "description": "A CloudEvent 1.0; what its data are, /schemas tells by its type.",
    "required": ["specversion", "id", "type", "source", "time", "subject", "sequence", "data"],
    "properties": {"sequence": {"type": "string", "pattern": PLACE}, "data": {"type": "object"}},
}
PAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {BATCH: {"schema": {"type": "array", "items": EVENT}}},
        "description": "The events, the oldest first; `Link` leads on.",
    }
}
STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "The events."}
}


@router.get("", response_class=Response, responses=PAGE | refuses(409))
async def page(
    request: Request,
    visitor: Reader,
    after: After = None,
    since: Since = None,
    types: Types = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    wait: Annotated[int, Query(ge=0, le=MOST_WAIT_S, description="Seconds to wait for an event, if none is there")] = 0,
) -> Response:
    """Public events in the order in which they came, as CloudEvents. From the oldest that is kept, or what follows
    `after`. `Link` (`rel="next"`) leads on, also from a page without events: ask there for what comes later."""
    parts, wanted = parts_of(request), frozenset(types or ())
    async with parts.database.transaction() as tx:
        rows, place = await feed.after(tx, await beginning(tx, after, since), wanted, limit)
    if not rows and wait and parts.bell:
        rows, place = await _waited(parts, parts.bell, visitor, (place, wanted, limit), float(wait))
    following = request.url.remove_query_params("since").include_query_params(after=sequence_of(place))
    link = f'<{following.path}?{following.query}>; rel="next"'
    return Response(batched(rows), media_type=BATCH, headers={"Link": link, "Cache-Control": "no-store"})


@router.get("/stream", response_class=EventSourceResponse, responses=STREAM | refuses(409))
async def stream(
    request: Request,
    visitor: Reader,
    after: After = None,
    since: Since = None,
    types: Types = None,
    last: LastId = None,
) -> EventSourceResponse:
    """Public events as they come, as server-sent events: `id` is the sequence, `data` the CloudEvent. The stream ends
    every few minutes: come back with `Last-Event-ID`, and nothing is missed."""
    parts = parts_of(request)
    if parts.bell is None:
        raise Problem(503, "away")
    parts.bell.check(visitor.account.login)
    async with parts.database.transaction() as tx:
        place = await beginning(tx, last or after, None if last else since)
    pieces = events(parts, parts.bell, visitor, place, frozenset(types or ()))
    return EventSourceResponse(pieces, ping=HEARTBEAT_S, send_timeout=BLOCKED_S)


async def beginning(tx: Transaction, after: str | None, since: Moment | None) -> int:
    """The position after which is read. Raises `Problem` 409 for one whose followers are gone, or that is not yet; 422
    for none."""
    if after is not None and since is not None:
        raise Problem(422, "after-or-since", field="since")
    if since is not None:
        return await feed.before(tx, since)
    ends = await feed.ends(tx)
    if after is None:
        return ends.forgotten
    if not (after.isascii() and after.isdigit() and len(after) <= len(sequence_of(0))):
        raise Problem(422, "bad-sequence", field="Last-Event-ID")
    if not ends.forgotten <= int(after) <= ends.newest:
        raise Problem(409, "no-such-place", field="after", oldest=sequence_of(ends.forgotten))
    return int(after)


async def _waited(
    parts: Parts, bell: Bell, visitor: Visitor, wanted: tuple[int, frozenset[str], int], within_s: float
) -> tuple[list[feed.PublicEvent], int]:
    place, types, limit = wanted
    until = parts.clock.monotonic() + within_s
    with bell.reading(visitor.account.login):
        while await bell.beyond(place, until - parts.clock.monotonic()):
            async with parts.database.transaction() as tx:
                rows, place = await feed.after(tx, place, types, limit)
            if rows:
                return list(rows), place
    return [], place


async def events(parts: Parts, bell: Bell, visitor: Visitor, place: int, types: frozenset[str]) -> AsyncIterator[bytes]:
    """Ends when its time is over, when the server stops, when the database is away, and when what follows its place was
    forgotten meanwhile: its reader comes back."""
    ends = parts.clock.monotonic() + OPEN_S + spread.random() * SPREAD_S
    try:
        with bell.reading(visitor.account.login):
            yield RETRY
            while not bell.ended and parts.clock.monotonic() < ends:
                async with parts.database.transaction() as tx:
                    rows, place = await feed.after(tx, await beginning(tx, sequence_of(place), None), types, AT_ONCE)
                if rows:
                    yield b"".join(map(told, rows))
                elif not await bell.beyond(place, ends - parts.clock.monotonic()):
                    break
            # An id alone, without an event: of rare types the last event may be older than what is kept.
            yield f"id: {sequence_of(place)}\r\n\r\n".encode()
    except (Problem, Transient):
        return
