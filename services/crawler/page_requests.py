"""What a page in the browser may ask for: few requests, few bytes, in turn; no pictures, nothing but reading."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.crawler.asking import Asker
from services.crawler.scripts import Scripts
from services.crawler.urls import canonical, host_of
from services.crawler.visit import Watched
from shared.browser import Answer

MAX_REQUESTS, MAX_BYTES = 60, 10 * 1024 * 1024
REDIRECTS = 3
# What text and addresses of a page come from. Pictures are fetched once it is known which ones matter.
KINDS = frozenset({"document", "script", "stylesheet", "xhr", "fetch", "other"})
MAX_REFUSED = 100


class TooMuch(Exception):
    """The page has used up its requests or bytes."""


class Forbidden(Exception):
    """robots.txt asks us to stay away from it."""


@dataclass(frozen=True)
class Empty:
    """For stylesheets: nobody looks at the page, but scripts wait until they are loaded and break when they fail."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"access-control-allow-origin": "*"})
    body: bytes = b""


class PageRequests:
    """The supply of one page's gate. `refused`: addresses, each with the reason."""

    def __init__(self, asker: Asker, scripts: Scripts, watched: Watched | None, user_agent: str, robots: bool) -> None:
        self._asker, self._scripts, self._watched = asker, scripts, watched
        self._user_agent, self._robots = user_agent, robots
        self.made = self._bytes = 0
        self.refused: list[tuple[str, str]] = []

    async def answer(self, url: str, headers: Mapping[str, str], kind: str) -> Answer:
        if kind == "stylesheet":
            return Empty()
        if kept := self._scripts.get(self._site, url):
            return kept
        await self._must_be_allowed(url)
        if self.made >= MAX_REQUESTS or self._bytes >= MAX_BYTES:
            raise TooMuch(f"the page asked for more than {MAX_REQUESTS} requests or {MAX_BYTES:,} bytes")
        self.made += 1
        answer = await self._asker.get(
            url,
            user_agent=self._user_agent,
            headers=headers,
            max_bytes=MAX_BYTES - self._bytes,
            redirects=REDIRECTS,
            watched=self._watched,
        )
        self._bytes += len(answer.body)
        if kind == "script" and answer.status == 200:
            self._scripts.keep(self._site, url, answer)
        return answer

    def unwanted(self, method: str, kind: str) -> str | None:
        if method == "GET" and kind in KINDS:
            return None
        return f"a {method} request for {kind}: only what the text needs is read"

    def refuse(self, url: str, reason: str) -> None:
        if len(self.refused) < MAX_REFUSED:
            self.refused.append((url, reason))

    @property
    def _site(self) -> str:
        return self._watched.site.host if self._watched else ""

    async def _must_be_allowed(self, url: str) -> None:
        if not self._robots or self._watched is None or host_of(url) != self._watched.site.host:
            return
        rules = await self._asker.rules(url, self._watched)
        if not rules.allow(canonical(url) or url):
            raise Forbidden("robots.txt asks us to stay away")
