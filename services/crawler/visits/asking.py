"""Asking politely: every request waits for its host's turn, redirects too, and honours robots.txt where told."""

import asyncio
import re
from collections.abc import Mapping
from functools import partial

from services.crawler.frontier.pace import REFUSALS, retry_after_s
from services.crawler.frontier.pacing import Pacer
from services.crawler.registry.robots import Robots
from services.crawler.registry.robots_rules import Rules
from services.crawler.registry.robots_store import NothingKept
from services.crawler.registry.ways import Ways
from services.crawler.visit import Watched
from shared.clock import Clock
from shared.net import AddressRefused, Fetched, Fetcher, location_of
from shared.net.fetcher import REDIRECTS
from shared.urls import canonical, host_of

MAX_ROBOTS_BYTES = 512_000  # RFC 9309, 2.5 asks for 500 KiB
MOST_ROBOTS_REDIRECTS = 5  # RFC 9309, 2.3.1.2
MOST_REQUESTS = 256
# Scripts bring addresses of any form. In this one `host_of`, by which turn, exit and secret are chosen, names the host
# that is connected to; "https://site.test:x@other.test/" would take the secret of the one to the other.
PLAIN = re.compile(r"https?://(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?/")


class Asker:
    """`robots`: in memory alone unless given. `most`: requests that are open at once, to all hosts."""

    def __init__(
        self,
        fetcher: Fetcher,
        pacer: Pacer,
        clock: Clock,
        ways: Ways | None = None,
        robots: Robots | None = None,
        *,
        most: int = MOST_REQUESTS,
    ) -> None:
        self._fetcher, self.pacer, self._clock = fetcher, pacer, clock
        self._room = asyncio.Semaphore(most)
        self.ways = ways or Ways()
        self._robots = robots or Robots(NothingKept(), clock)

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
        timeout_s: float | None = None,
    ) -> Fetched:
        """As `Fetcher.get`, each hop in its host's turn. The last redirect is given back as it is.

        `watched`: on whose behalf; its exit is used (unless `exit` names another), and its credential on its own host,
        decided anew at each hop. Raises `NoWay` when that cannot be, and `AddressRefused` for an address with a user.
        """
        if not PLAIN.match(url):
            raise AddressRefused(f"{url[:200]!r}: its host is not written plainly, or it names a user")
        target = url
        for left in range(redirects, -1, -1):
            host = host_of(target)
            way = self.ways.exit_for(watched, host, exit)
            secret = self.ways.headers_for(watched, target)
            async with self.pacer.turn(host), self._room:
                answer = await self._fetcher.get(
                    target,
                    user_agent=user_agent,
                    headers={**(headers or {}), **secret},
                    max_bytes=max_bytes,
                    redirects=0,
                    exit=way,
                    cut=cut,
                    timeout_s=timeout_s,
                )
                self._mark(host, answer)
            onward = redirect_of(answer)
            if onward is None or not left:
                break
            target = onward
        return answer

    def _mark(self, host: str, answer: Fetched) -> None:
        """Inside the turn: who is next in it waits already."""
        if answer.status in REFUSALS:
            self.pacer.refused(host, retry_after_s(answer.headers.get("retry-after"), self._clock.now()))
        else:
            self.pacer.answered(host)

    async def rules(self, url: str, watched: Watched) -> Rules:
        """What robots.txt asks of us on this site (see `Robots.rules`), and the pace set accordingly."""
        rules = await self._robots.rules(url, watched, partial(self._ask_robots, watched))
        self.pacer.set_pace(watched.site.host, watched.requests_per_second, rules.delay_s)
        return rules

    async def _ask_robots(self, watched: Watched, url: str) -> Fetched:
        self.pacer.set_pace(watched.site.host, watched.requests_per_second)
        return await self.get(
            url, max_bytes=MAX_ROBOTS_BYTES, redirects=MOST_ROBOTS_REDIRECTS, watched=watched, cut=True
        )


def redirect_of(answer: Fetched) -> str | None:
    """Where an answer redirects to, canonical."""
    location = location_of(answer.headers)
    return canonical(location, answer.final_url) if location and answer.status in REDIRECTS else None


def header(answer: Fetched, name: str, most: int = 256) -> str | None:
    """A header that may be kept and sent back: printable ASCII of a sane length."""
    value = answer.headers.get(name, "")
    return value if value and len(value) <= most and value.isascii() and value.isprintable() else None
