"""All traffic of one capture: each request of the browser is made by the guarded fetcher, recorded, and answered."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

import httpx
import structlog
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Request, Route, WebSocketRoute

from services.evidence.domain import Exchange, Refusal, clean
from shared.clock import Clock
from shared.net import AddressRefused, Fault, Fetched, Fetcher, FetchFailed
from shared.net.fetcher import REDIRECTS, joined

log = structlog.get_logger()

MAX_HOPS = 5  # redirects in a row, as the crawler allows
MAX_REQUESTS = 200  # a board's page makes 5-40; beyond that it is a page that loads for ever
MAX_BYTES = 24 * 1024 * 1024  # of all bodies and headers: the archive still fits into one sealed object (32 MiB)
# What the page itself may use up: the rest is for the finding's pictures, which no page may crowd out of the record.
PAGE_REQUESTS, PAGE_BYTES = 140, 16 * 1024 * 1024
AT_ONCE = 6  # as browsers ask one host; each answer in flight may take 16 MiB of memory
MAX_REFUSALS = 500  # listed in the manifest; a hostile page must not fill it
# The body comes unpacked and whole; and a page that asks to be saved as a file is shown all the same.
NOT_PASSED_ON = frozenset(
    {"content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive", "content-disposition"}
)
# What the browser says of itself and a server may decide by. Cookies are not among it: a capture is a first visit.
PASSED_ON = ("accept", "referer", "origin")


class TooMuch(Exception):
    """The capture has used up its requests or bytes."""


class Traffic:
    def __init__(self, fetcher: Fetcher, clock: Clock, user_agent: str, language: str | None) -> None:
        self._fetcher, self._clock, self._user_agent = fetcher, clock, user_agent
        self._languages = f"{language},en;q=0.5" if language else "en"
        self._document: Exchange | None = None
        self._loading: set[asyncio.Task[Exchange]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._requests = self._bytes = 0
        self.exchanges: list[Exchange] = []
        self.refusals: list[Refusal] = []

    async def load(self, url: str, headers: Mapping[str, str] | None = None, *, for_page: bool = False) -> Exchange:
        """The answer to a GET, redirects followed and each recorded. `for_page`: it is the page that wants it.

        Raises `AddressRefused`, `FetchFailed`, `TooMuch`.
        """
        sent = {"accept-language": self._languages, **(headers or {})}
        asked = url
        for _ in range(MAX_HOPS + 1):
            try:
                async with self._slots:
                    exchange = await self._ask(url, sent, for_page)
            except AddressRefused as error:
                raise AddressRefused(str(error) if url == asked else f"redirects to {url}: {error}") from error
            location = exchange.headers.get("location")
            if exchange.status not in REDIRECTS or not location:
                return exchange
            url = joined(httpx.URL(exchange.url), location)
        raise FetchFailed(f"{asked}: more than {MAX_HOPS} redirects", Fault.REDIRECTS)

    async def load_document(self, url: str) -> Exchange:
        """The page itself, before the browser sees it; its first navigation is answered with this."""
        self._document = await self.load(url, {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        return self._document

    def answered(self, url: str) -> Exchange | None:
        """The last good answer that this capture got from an address."""
        return next((e for e in reversed(self.exchanges) if e.url == url and e.status == 200), None)

    def refuse(self, url: str, reason: str) -> None:
        if len(self.refusals) < MAX_REFUSALS:
            self.refusals.append(Refusal(clean(url), clean(reason)))

    async def serve(self, route: Route) -> None:
        """Answer one request of the browser. Never raises: Playwright's connection does not survive that."""
        try:
            await self._serve(route)
        except PlaywrightError:
            pass  # the page is closed: nobody waits for the answer
        except Exception:
            log.exception("a request of the browser was not answered", url=route.request.url)

    async def refuse_socket(self, socket: WebSocketRoute) -> None:
        self.refuse(socket.url, "a WebSocket; captures make plain requests only")
        with suppress(PlaywrightError):
            await socket.close()

    async def close(self) -> None:
        """Stop what is still loading: nothing is recorded after this."""
        for task in self._loading:
            task.cancel()
        await asyncio.gather(*self._loading, return_exceptions=True)

    async def _serve(self, route: Route) -> None:
        request = route.request
        if request.method != "GET" or request.resource_type == "media":
            what = "sound or video" if request.resource_type == "media" else f"a {request.method} request"
            self.refuse(request.url, f"{what}; captures read pages and pictures only")
            await route.abort("blockedbyclient")
            return
        exchange = self._first(request) or await self._loaded(request)
        if exchange is None:
            await route.abort("failed")
        else:
            await route.fulfill(status=exchange.status, headers=passed_on(exchange), body=exchange.body)

    def _first(self, request: Request) -> Exchange | None:
        if not request.is_navigation_request():
            return None
        document, self._document = self._document, None
        return document

    async def _loaded(self, request: Request) -> Exchange | None:
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        task = asyncio.create_task(self.load(request.url, headers, for_page=True))
        self._loading.add(task)
        await asyncio.wait({task})
        self._loading.discard(task)
        if task.cancelled():
            return None
        if error := task.exception():
            self.refuse(request.url, str(error) or type(error).__name__)
            return None
        return task.result()

    async def _ask(self, url: str, headers: Mapping[str, str], for_page: bool) -> Exchange:
        requests, most = (PAGE_REQUESTS, PAGE_BYTES) if for_page else (MAX_REQUESTS, MAX_BYTES)
        left = min(most - self._bytes, self._fetcher.settings.max_picture_bytes)
        too_much = TooMuch(f"the page asked for more than {requests} requests or {most:,} bytes")
        if self._requests >= requests or left <= 0:
            raise too_much
        self._requests += 1
        at = self._clock.now()
        fetched = await self._fetcher.get(
            url, user_agent=self._user_agent, headers=headers, max_bytes=left, redirects=0
        )
        size = len(fetched.body) + sum(len(name) + len(value) for name, value in fetched.headers.items())
        if self._bytes + size > most:  # others came in meanwhile
            raise too_much
        self._bytes += size
        exchange = recorded(fetched, {"user-agent": self._user_agent, **headers}, at)
        self.exchanges.append(exchange)
        return exchange


def recorded(fetched: Fetched, sent: Mapping[str, str], at: datetime) -> Exchange:
    return Exchange(fetched.final_url, fetched.status, sent, fetched.headers, fetched.body, fetched.address, at)


def passed_on(exchange: Exchange) -> dict[str, str]:
    return {name: value for name, value in exchange.headers.items() if name not in NOT_PASSED_ON}
