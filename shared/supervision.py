"""Tasks that must all go on: the first that fails or ends is the end of the service."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog

log = structlog.get_logger(__name__)

Running = asyncio.Task[None]


class PartEnded(Exception):
    """A part of the service came to its end while the service was to go on."""


def start(name: str, work: Coroutine[Any, Any, None]) -> Running:
    return asyncio.create_task(work, name=name)


async def until_told(parts: Sequence[Running], *events: asyncio.Event) -> None:
    """Returns when one of the events is set. Raises what the first part raised that ended before."""
    told = [asyncio.create_task(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait({*told, *parts}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiting in told:
            waiting.cancel()
    go_on([part for part in parts if part in done], or_end=any(event.is_set() for event in events))


def go_on(parts: Sequence[Running], *, or_end: bool = False) -> None:
    """Raises what the first of them raised that ended, and `PartEnded` where it raised nothing. `or_end`: it may."""
    for part in parts:
        if not part.done():
            continue
        if failure := part.exception():
            raise failure
        if not or_end:
            raise PartEnded(f"{part.get_name()} ended by itself: it should go on until the service stops")


@asynccontextmanager
async def beside(name: str, work: Coroutine[Any, Any, None]) -> AsyncIterator[Running]:
    """The work goes on meanwhile, and is cancelled at the end. Raises as `go_on` then; who stays long asks before."""
    part = start(name, work)
    try:
        yield part
    finally:
        await cancel(part)
    if not part.cancelled():
        go_on([part])


async def cancel(part: Running) -> None:
    part.cancel()
    await asyncio.wait({part})


async def end(parts: Sequence[Running], within_s: float) -> None:
    """Wait for them to come to their end; cancel those that do not. What they raise is logged, not raised."""
    if not parts:
        return
    _, pending = await asyncio.wait(parts, timeout=within_s)
    for part in pending:
        log.warning("did not stop in time: cancelled", part=part.get_name(), seconds=within_s)
        part.cancel()
    if pending:
        await asyncio.wait(pending)
    for part in parts:
        if not part.cancelled() and (failure := part.exception()):
            log.error("failed", part=part.get_name(), exc_info=failure)
