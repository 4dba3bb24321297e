"""All traffic of one capture: each request of the browser is made by the guarded fetcher, recorded, and answered."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import httpx

from services.evidence.domain import Exchange, Refusal, clean
from shared.clock import Clock
from shared.net import AddressRefused, Fault, Fetched, Fetcher, FetchFailed, location_of
from shared.net.fetcher import REDIRECTS, joined

Ask: TypeAlias = Callable[[str, Mapping[str, str]], Awaitable[Exchange]]

MAX_HOPS = 5  # redirects in a row, as the crawler allows
# What the page itself may use up: a board's makes 5-40 requests; beyond this it is a page that loads for ever. All of
# it fits into one sealed object (32 MiB).
PAGE_REQUESTS, PAGE_BYTES = 140, 16 * 1024 * 1024
# For the finding's pictures and videos, which no page may crowd out of the record: four of the largest that are sealed.
MEDIA_REQUESTS, MEDIA_BYTES = 60, 64 * 1024 * 1024
AT_ONCE = 6  # as browsers ask one host; each answer in flight may take 16 MiB of memory
MAX_REFUSALS = 500  # told; a hostile page must not fill the record


class TooMuch(Exception):
    """The capture has used up its requests or bytes."""


@dataclass
class _Used:
    requests: int = 0
    bytes: int = 0


class Traffic:
    """`exchanges`: what the page asked for, the page itself first. `beside`: media that were asked for by their
    address. `refusals`: what was not asked for, or not answered."""

    def __init__(
        self, fetcher: Fetcher, clock: Clock, user_agent: str, language: str | None, exit: str | None = None
    ) -> None:
        """`exit`: the proxy that everything goes through, also what other hosts bring: the page's operator may watch
        them."""
        self._fetcher, self._clock, self._user_agent, self.exit = fetcher, clock, user_agent, exit
        self.languages = f"{language},en;q=0.5" if language else "en"
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._page, self._media = _Used(), _Used()
        self.exchanges: list[Exchange] = []
        self.beside: list[Exchange] = []
        self.refusals: list[Refusal] = []

    async def load(self, url: str, headers: Mapping[str, str] | None = None) -> Exchange:
        """The page's: the answer to a GET, redirects followed and each recorded.

        Raises `AddressRefused`, `FetchFailed`, `TooMuch`.
        """
        return await self._load(url, headers or {}, self._ask_for_page)

    async def load_media(self, url: str, referer: str, most: int, *, cut: bool = False, seconds: float) -> Exchange:
        """A picture or video of the finding, of at most so many bytes (`cut`: or as many of it). Raises as `load`."""

        async def ask(url: str, headers: Mapping[str, str]) -> Exchange:
            return await self._ask_for_media(url, headers, most, cut, seconds)

        return await self._load(url, {"referer": referer}, ask)

    async def _load(self, url: str, headers: Mapping[str, str], ask: Ask) -> Exchange:
        sent = {"accept-language": self.languages, **headers}
        asked = url
        for _ in range(MAX_HOPS + 1):
            try:
                async with self._slots:
                    exchange = await ask(url, sent)
            except AddressRefused as error:
                raise AddressRefused(str(error) if url == asked else f"redirects to {url}: {error}") from error
            location = location_of(exchange.headers)
            if exchange.status not in REDIRECTS or not location:
                return exchange
            url = joined(httpx.URL(exchange.url), location)
        raise FetchFailed(f"{asked}: more than {MAX_HOPS} redirects", Fault.REDIRECTS)

    async def load_document(self, url: str) -> Exchange:
        """The page itself, before the browser sees it."""
        return await self.load(url, {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    def answered(self, url: str) -> Exchange | None:
        """The last good answer that this capture got from an address."""
        return next((e for e in reversed(self.exchanges) if e.url == url and e.status == 200), None)

    def refuse(self, url: str, reason: str) -> None:
        if len(self.refusals) < MAX_REFUSALS:
            self.refusals.append(Refusal(clean(url), clean(reason)))

    async def answer(self, url: str, headers: Mapping[str, str], kind: str) -> Exchange:
        """What the page asks for, as its gate wants it."""
        return await self.load(url, headers)

    def unwanted(self, method: str, kind: str) -> str | None:
        if method == "GET" and kind != "media":
            return None
        what = "sound or video" if kind == "media" else f"a {method} request"
        return f"{what}; captures read pages and pictures only"

    async def _ask_for_page(self, url: str, headers: Mapping[str, str]) -> Exchange:
        too_much = TooMuch(f"the page asked for more than {PAGE_REQUESTS} requests or {PAGE_BYTES:,} bytes")
        left = _take(self._page, PAGE_REQUESTS, PAGE_BYTES, too_much)
        most = min(left, self._fetcher.settings.max_picture_bytes)
        exchange = await self._ask(url, headers, most)
        heads = sum(len(name) + len(value) for name, value in exchange.headers.items())
        _add(self._page, len(exchange.body) + heads, PAGE_BYTES, too_much)
        self.exchanges.append(exchange)
        return exchange

    async def _ask_for_media(
        self, url: str, headers: Mapping[str, str], most: int, cut: bool, seconds: float
    ) -> Exchange:
        too_much = TooMuch(f"the finding has more than {MEDIA_REQUESTS} requests or {MEDIA_BYTES:,} bytes of media")
        left = _take(self._media, MEDIA_REQUESTS, MEDIA_BYTES, too_much)
        exchange = await self._ask(url, headers, min(left, most), cut, seconds)
        _add(self._media, len(exchange.body), MEDIA_BYTES, too_much)
        self.beside.append(exchange)
        return exchange

    async def _ask(
        self, url: str, headers: Mapping[str, str], most: int, cut: bool = False, seconds: float | None = None
    ) -> Exchange:
        at = self._clock.now()
        fetched = await self._fetcher.get(
            url,
            user_agent=self._user_agent,
            headers=headers,
            max_bytes=most,
            redirects=0,
            exit=self.exit,
            cut=cut,
            timeout_s=seconds,
        )
        return recorded(fetched, {"user-agent": self._user_agent, **headers}, at)


def _take(used: _Used, requests: int, most: int, too_much: TooMuch) -> int:
    """One more request; the bytes that are left for it."""
    if used.requests >= requests or used.bytes >= most:
        raise too_much
    used.requests += 1
    return most - used.bytes


def _add(used: _Used, size: int, most: int, too_much: TooMuch) -> None:
    if used.bytes + size > most:  # others came in meanwhile
        raise too_much
    used.bytes += size


def recorded(fetched: Fetched, headers: Mapping[str, str], at: datetime) -> Exchange:
    return Exchange(
        url=fetched.final_url,
        status=fetched.status,
        request_headers=headers,
        headers=fetched.headers,
        body=fetched.body,
        address=fetched.address,
        at=at,
        secured=fetched.secured,
        sent=fetched.sent,
        raw_headers=fetched.raw_headers,
        http_version=fetched.http_version,
        cut=fetched.cut,
    )
