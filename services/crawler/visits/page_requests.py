"""What a page in the browser may ask for: few requests, few bytes, in turn; no pictures, nothing but reading."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from services.crawler.visit import Watched
from services.crawler.visits.asking import Asker
from services.crawler.visits.budget import Budget
from services.crawler.visits.scripts import Scripts
from shared.browser import FRAME, Answer
from shared.net import Fault, Fetched, FetchFailed
from shared.urls import canonical, host_of

MAX_REQUESTS, MAX_BYTES = 60, 10 * 1024 * 1024
MAX_EACH = MAX_BYTES // 2  # bytes of one answer: so at least two are asked for at once
REDIRECTS = 3
# What text and addresses of a page come from. Pictures are fetched once it is known which ones matter.
KINDS = frozenset({"document", FRAME, "script", "stylesheet", "xhr", "fetch", "other"})
MAX_REFUSED = 100
# Faults of answers that may have come almost whole. What was too slow was not much.
CAME = frozenset({Fault.TOO_LARGE, Fault.BOMB, Fault.TRUNCATED, Fault.ENCODING})


class Forbidden(Exception):
    """robots.txt asks us to stay away from it."""


class Elsewhere(Exception):
    """A document of another host: its scripts would have the page's rights, or its text would pass for the page's."""


@dataclass(frozen=True)
class Empty:
    """For stylesheets: nobody looks at the page, but scripts wait until they are loaded and break when they fail."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"access-control-allow-origin": "*"})
    body: bytes = b""


class PageRequests:
    """The supply of one page's gate. `host`: whose document the page is. `refused`: addresses, each with the reason.

    `led_to`: where the page wanted to be replaced by another host's. The site's credential is for its own documents
    alone: all scripts of a page can read what comes with it.
    """

    def __init__(
        self, asker: Asker, scripts: Scripts, host: str, watched: Watched | None, user_agent: str, robots: bool
    ) -> None:
        own = watched is not None and watched.site.host == host
        self._watched = watched if own or watched is None else replace(watched, credential=None)
        self._site = f"{host} for {watched.site.host}" if watched else host
        self._asker, self._scripts, self._host = asker, scripts, host
        self._user_agent, self._robots = user_agent, robots
        self._budget = Budget(MAX_REQUESTS, MAX_BYTES, MAX_EACH)
        self.led_to: str | None = None
        self.refused: list[tuple[str, str]] = []

    @property
    def made(self) -> int:
        return self._budget.made

    async def answer(self, url: str, headers: Mapping[str, str], kind: str) -> Answer:
        if kind == "stylesheet":
            return Empty()
        if kind == "script" and (kept := self._scripts.get(self._site, url)):
            return kept
        self._must_stay(url, kind)
        await self._must_be_allowed(url)
        answer = await self._asked(url, headers)
        self._must_stay(answer.final_url, kind)
        if kind == "script" and answer.status == 200:
            self._scripts.keep(self._site, url, answer)
        return answer

    async def _asked(self, url: str, headers: Mapping[str, str]) -> Fetched:
        async with self._budget.share() as share:
            try:
                answer = await self._asker.get(
                    url,
                    user_agent=self._user_agent,
                    headers=headers,
                    max_bytes=share.most,
                    redirects=REDIRECTS,
                    watched=self._watched,
                )
            except FetchFailed as failure:
                if failure.fault in CAME:
                    share.used = share.most
                raise
            share.used = len(answer.body)
            return answer

    def unwanted(self, method: str, kind: str) -> str | None:
        if method == "GET" and kind in KINDS:
            return None
        return f"a {method} request for {kind}: only what the text needs is read"

    def refuse(self, url: str, reason: str) -> None:
        if len(self.refused) < MAX_REFUSED:
            self.refused.append((url, reason))

    def _must_stay(self, url: str, kind: str) -> None:
        there = canonical(url) or url
        if kind not in ("document", FRAME) or host_of(there) == self._host:
            return
        if kind == "document":
            self.led_to = there
        raise Elsewhere("a document of another host")

    async def _must_be_allowed(self, url: str) -> None:
        if not self._robots or self._watched is None or host_of(url) != self._watched.site.host:
            return
        rules = await self._asker.rules(url, self._watched)
        if not rules.allow(canonical(url) or url):
            raise Forbidden("robots.txt asks us to stay away")
