"""Between a page and the network: every request of the browser is answered by its supply, or refused."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

import structlog
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Request, Route, WebSocketRoute

log = structlog.get_logger()

# The body comes unpacked and whole; and a page that asks to be saved as a file is shown all the same.
NOT_PASSED_ON = frozenset(
    {"content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive", "content-disposition"}
)
# What the browser says of itself and a server may decide by. Cookies are not among it: each page is a first visit.
PASSED_ON = ("accept", "referer", "origin")
FRAME, WINDOW = "frame", "window"
A_WINDOW = "a window that the page opened; only the page itself is shown"


class Answer(Protocol):
    """Header names are lower-case; the body is unpacked."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


class Supply(Protocol):
    """Who makes a page's requests, within what it may use up.

    `kind`: Playwright's resource type; `document` is what takes the page's own place, `frame` what is shown within it.
    """

    async def answer(self, url: str, headers: Mapping[str, str], kind: str) -> Answer:
        """May raise anything: the browser is told that the request failed, and `refuse` hears why."""
        ...

    def unwanted(self, method: str, kind: str) -> str | None:
        """Why such a request is not even made; None when it may be."""
        ...

    def refuse(self, url: str, reason: str) -> None:
        """Told of each request that was not made, or not answered."""
        ...


class Gate:
    """`document`: the page itself, fetched already; its first navigation is answered with it.

    `page`: to be set before that; what any other window of its context would show is refused.
    """

    page: Page

    def __init__(self, supply: Supply, document: Answer) -> None:
        self._supply = supply
        self._document: Answer | None = document
        self._loading: set[asyncio.Task[Answer]] = set()
        self._asked = asyncio.Event()

    async def serve(self, route: Route) -> None:
        """Answer one request of the browser. Never raises: Playwright's connection does not survive that."""
        try:
            await self._serve(route)
        except PlaywrightError:
            pass  # the page is closed: nobody waits for the answer
        except Exception:
            log.exception("a request of the browser was not answered", url=route.request.url)

    async def refuse_socket(self, socket: WebSocketRoute) -> None:
        self._supply.refuse(socket.url, "a WebSocket; only plain requests are made")
        with suppress(PlaywrightError):
            await socket.close()

    async def refuse_window(self, window: Page) -> None:
        self._supply.refuse(window.url, A_WINDOW)
        with suppress(PlaywrightError):
            await window.close()

    async def quiet(self, seconds: float, most: float) -> None:
        """Returns when the page has wanted nothing for so many seconds, or after `most` of them."""
        with suppress(TimeoutError):
            async with asyncio.timeout(most):
                while True:
                    if self._loading:
                        await asyncio.wait(self._loading)
                    self._asked.clear()
                    try:
                        await asyncio.wait_for(self._asked.wait(), seconds)
                    except TimeoutError:
                        if not self._loading:
                            return

    async def close(self) -> None:
        """Stop what is still loading: nothing is asked for after this."""
        for task in self._loading:
            task.cancel()
        await asyncio.gather(*self._loading, return_exceptions=True)

    async def _serve(self, route: Route) -> None:
        request = route.request
        kind = self._kind(request)
        if reason := A_WINDOW if kind == WINDOW else self._supply.unwanted(request.method, kind):
            self._supply.refuse(request.url, reason)
            await route.abort("blockedbyclient")
            return
        answer = self._first(request) or await self._loaded(request, kind)
        if answer is None:
            await route.abort("failed")
        else:
            await route.fulfill(status=answer.status, headers=passed_on(answer), body=answer.body)

    def _first(self, request: Request) -> Answer | None:
        if not request.is_navigation_request():
            return None
        document, self._document = self._document, None
        return document

    def _kind(self, request: Request) -> str:
        if not request.is_navigation_request():
            return request.resource_type
        try:
            frame = request.frame
        except PlaywrightError:  # a window that is only being opened
            return WINDOW
        if frame.parent_frame:
            return FRAME
        return "document" if frame == self.page.main_frame else WINDOW

    async def _loaded(self, request: Request, kind: str) -> Answer | None:
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        task = asyncio.ensure_future(self._supply.answer(request.url, headers, kind))
        self._loading.add(task)
        self._asked.set()
        await asyncio.wait({task})
        self._loading.discard(task)
        if task.cancelled():
            return None
        if error := task.exception():
            self._supply.refuse(request.url, str(error) or type(error).__name__)
            return None
        return task.result()


def passed_on(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in NOT_PASSED_ON}
