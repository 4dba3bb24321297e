"""Asking politely: every request waits for its host's turn, redirects too, and honours robots.txt where told."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from services.crawler.charset import decode
from services.crawler.pacing import Pacer
from services.crawler.robots_rules import ALL_ALLOWED, Rules, parse_robots
from services.crawler.urls import canonical, host_of
from services.crawler.visit import Watched
from services.crawler.ways import Ways
from shared.clock import Clock
from shared.net import Fetched, Fetcher, FetchFailed

REDIRECTS = frozenset({301, 302, 303, 307, 308})
ROBOT = "haetae"  # our product token in robots.txt
ROBOTS_FRESH_S = 24 * 3600.0  # RFC 9309, 2.4
MAX_ROBOTS_BYTES = 512_000  # RFC 9309, 2.5 asks for 500 KiB
MOST_SITES = 20_000


@dataclass
class _Kept:
    rules: Rules
    until: float


class Asker:
    def __init__(self, fetcher: Fetcher, pacer: Pacer, clock: Clock, ways: Ways | None = None) -> None:
        self._fetcher, self.pacer, self._clock = fetcher, pacer, clock
        self.ways = ways or Ways()
        self._robots: OrderedDict[str, _Kept] = OrderedDict()
        self._asking: dict[str, asyncio.Lock] = {}

    async def get(
        self,
        url: str,
        *,
        user_agent: str | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        redirects: int = 0,
        watched: Watched | None = None,
        exit: str | None = None,
        cut: bool = False,
    ) -> Fetched:
        """As `Fetcher.get`, each hop in its host's turn. The last redirect is given back as it is.

        `watched`: on whose behalf; its exit is used (unless `exit` names another), and its credential on its own host,
        decided anew at each hop. Raises `NoWay` when that cannot be.
        """
        target = url
        for left in range(redirects, -1, -1):
            host = host_of(target)
            way = self.ways.exit_for(watched, host, exit)
            secret = self.ways.headers_for(watched, target)
            async with self.pacer.turn(host):
                answer = await self._fetcher.get(
                    target,
                    user_agent=user_agent,
                    headers={**(headers or {}), **secret},
                    max_bytes=max_bytes,
                    redirects=0,
                    exit=way,
                    cut=cut,
                )
            onward = redirect_of(answer)
            if onward is None or not left:
                break
            target = onward
        return answer

    async def rules(self, url: str, watched: Watched) -> Rules:
        """What robots.txt asks of us on this site, and the pace set accordingly. Raises `FetchFailed` when it cannot
        be known: then nothing may be asked for (RFC 9309, 2.3.1.4)."""
        if not watched.obey_robots:
            self.pacer.set_pace(watched.site.host, watched.requests_per_second)
            return ALL_ALLOWED
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        async with self._asking.setdefault(origin, asyncio.Lock()):
            kept = self._robots.get(origin)
            if kept is None or kept.until < self._clock.monotonic():
                self.pacer.set_pace(watched.site.host, watched.requests_per_second)
                kept = _Kept(await self._ask_robots(origin, watched), self._clock.monotonic() + ROBOTS_FRESH_S)
                self._keep(origin, kept)
        self.pacer.set_pace(watched.site.host, watched.requests_per_second, kept.rules.delay_s)
        return kept.rules

    def _keep(self, origin: str, kept: _Kept) -> None:
        self._robots[origin] = kept
        if len(self._robots) > MOST_SITES:
            oldest, _ = self._robots.popitem(last=False)
            self._asking.pop(oldest, None)

    async def _ask_robots(self, origin: str, watched: Watched) -> Rules:
        answer = await self.get(f"{origin}/robots.txt", max_bytes=MAX_ROBOTS_BYTES, redirects=5, watched=watched)
        if answer.status == 200:
            return parse_robots(decode(answer.body), ROBOT)
        if 400 <= answer.status < 500 and answer.status != 429:
            return ALL_ALLOWED
        raise FetchFailed(f"{origin}/robots.txt answers {answer.status}: until it answers, nothing is asked for")


def redirect_of(answer: Fetched) -> str | None:
    """Where an answer redirects to, canonical."""
    if answer.status not in REDIRECTS or "location" not in answer.headers:
        return None
    return canonical(answer.headers["location"], answer.final_url)


def header(answer: Fetched, name: str, most: int = 256) -> str | None:
    """A header that may be kept and sent back: printable ASCII of a sane length."""
    value = answer.headers.get(name, "")
    return value if value and len(value) <= most and value.isascii() and value.isprintable() else None
