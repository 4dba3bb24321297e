"""Links that need no writing: of hosts that nobody watches, or in the frontier already."""

from collections import OrderedDict
from collections.abc import Iterable

from services.crawler.ledger import watched_hosts
from services.crawler.urls import host_of
from services.crawler.visit import Link
from shared.clock import Clock
from shared.database import Transaction

FRESH_S = 10.0  # how soon links to a site that was just imported are followed
MOST = 200_000  # addresses remembered, some 40 MB


class KnownLinks:
    """A cache: what it does not know, the frontier's primary key does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hosts: frozenset[str] = frozenset()
        self._fresh_until = clock.monotonic()
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def refresh(self, tx: Transaction) -> None:
        if self._clock.monotonic() >= self._fresh_until:
            self._hosts = await watched_hosts(tx)
            self._fresh_until = self._clock.monotonic() + FRESH_S

    def unknown(self, links: Iterable[Link]) -> tuple[Link, ...]:
        return tuple(link for link in links if link.url not in self._seen and host_of(link.url) in self._hosts)

    def remember(self, urls: Iterable[str]) -> None:
        """After they are written."""
        for url in urls:
            self._seen[url] = None
        while len(self._seen) > MOST:
            self._seen.popitem(last=False)
