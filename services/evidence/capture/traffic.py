"""All traffic of one capture: each request of the browser is made by the guarded fetcher, recorded, and answered."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

import httpx

from services.evidence.domain import Exchange, Refusal, clean
from shared.clock import Clock
from shared.net import AddressRefused, Fault, Fetched, Fetcher, FetchFailed, location_of
from shared.net.fetcher import REDIRECTS, joined

MAX_HOPS = 5  # redirects in a row, as the crawler allows
MAX_REQUESTS = 200  # a board's page makes 5-40; beyond that it is a page that loads for ever
MAX_BYTES = 24 * 1024 * 1024  # of all bodies and headers: the archive still fits into one sealed object (32 MiB)
# What the page itself may use up: the rest is for the finding's pictures, which no page may crowd out of the record.
PAGE_REQUESTS, PAGE_BYTES = 140, 16 * 1024 * 1024
AT_ONCE = 6  # as browsers ask one host; each answer in flight may take 16 MiB of memory
MAX_REFUSALS = 500  # listed in the manifest; a hostile page must not fill it


class TooMuch(Exception):
    """The capture has used up its requests or bytes."""


class Traffic:
    def __init__(self, fetcher: Fetcher, clock: Clock, user_agent: str, language: str | None) -> None:
        self._fetcher, self._clock, self._user_agent = fetcher, clock, user_agent
        self._languages = f"{language},en;q=0.5" if language else "en"
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
        return await self.load(url, headers, for_page=True)

    def unwanted(self, method: str, kind: str) -> str | None:
        if method == "GET" and kind != "media":
            return None
        what = "sound or video" if kind == "media" else f"a {method} request"
        return f"{what}; captures read pages and pictures only"

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
