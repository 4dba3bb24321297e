"""Links that need no writing: of hosts that nobody watches, or in the frontier already."""

from array import array
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from services.crawler.domain import PageKind, Priority
from services.crawler.visit import Visited
from shared.clock import Clock
from shared.database import Transaction
from shared.urls import host_of

FRESH_S = 10.0  # how soon links to a site that was just imported are followed
# Places for the 64-bit hashes of addresses, 8 bytes each: 16 MB. A page has hundreds of links, nearly all seen before.
PLACES = 2**21
MOST_DEPTH = 1_000  # deeper is as deep: a calendar has no last page
# A site that was removed and entered again since is another row.
ENTRIES = sa.text("SELECT host, CAST(xmin AS text) AS version FROM sites")
LISTS = (PageKind.START, PageKind.FEED)


FULL_S = 600.0  # making room means looking at all of a site's addresses: not at each visit, when there is none


class NewLink(NamedTuple):
    """`depth`: links between a listing of the site and here."""

    url: str
    host: str
    kind: PageKind
    priority: Priority
    depth: int


class _Full(NamedTuple):
    """There is no room for addresses so deep."""

    depth: int
    until_s: float


class KnownLinks:
    """A cache: what it does not know, the frontier's primary key does. Of two addresses that share a place the later is
    remembered. The hashes are Python's own, keyed by a secret of the process: nobody can make two that agree."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hosts: frozenset[str] = frozenset()
        self._entries: frozenset[tuple[str, str]] = frozenset()
        self._fresh_until = clock.monotonic()
        self._seen = array("q", bytes(8 * PLACES))
        self._full: dict[str, _Full] = {}

    async def refresh(self, tx: Transaction) -> None:
        if self._clock.monotonic() < self._fresh_until:
            return
        entries = frozenset((row.host, row.version) for row in await tx.execute(ENTRIES))
        if entries - self._entries:  # links to these were left out until now, or were struck off the list with them
            self._seen = array("q", bytes(8 * PLACES))
        self._entries, self._hosts = entries, frozenset(host for host, _ in entries)
        self._fresh_until = self._clock.monotonic() + FRESH_S

    def unseen(self, urls: Iterable[str]) -> list[str]:
        """Without those that need no writing, as far as is known: of nearly all links nothing more has to be made."""
        seen = self._seen
        return [url for url in urls if seen[(mark := hash(url)) % PLACES] != mark]

    def unknown(self, visits: Iterable[Visited]) -> "Unknown":
        """The links that may be new, each once, in the order of the pages. Where a report leads counts on any host."""
        seen, hosts, fresh, marks = self._seen, self._hosts, dict[str, NewLink](), list[int]()
        report, now = Priority.REPORT, self._clock.monotonic()
        for visit in visits:
            depth = _depth(visit)
            for url, kind, priority in visit.links:
                mark = hash(url)
                if seen[mark % PLACES] != mark or priority is report:
                    if (host := host_of(url)) in hosts or priority is report:
                        if (full := self._full.get(host)) and depth >= full.depth and now < full.until_s:
                            continue
                        fresh[url] = NewLink(url, host, kind, priority, depth)
                    marks.append(mark)
        return Unknown(list(fresh.values()), marks)

    def remember(self, written: "Unknown", left_out: Collection[NewLink] = ()) -> None:
        """After they are in the frontier. `left_out`: those that are not, since a site is full: no address as deep or
        deeper is tried there for a while, and these again after it."""
        for mark in written.marks:
            self._seen[mark % PLACES] = mark
        until_s = self._clock.monotonic() + FULL_S
        for link in sorted(left_out, key=lambda link: -link.depth):
            self._seen[hash(link.url) % PLACES] = 0
            if link.priority is not Priority.ASIDE:  # for these no room is made
                self._full[link.host] = _Full(link.depth, until_s)


def _depth(visit: Visited) -> int:
    """Of where it leads. A listing that only redirects is none."""
    is_listing = visit.known.kind in LISTS and not any(link.kind is PageKind.START for link in visit.links[:1])
    return 1 if is_listing else min(visit.known.depth + 1, MOST_DEPTH)


class Unknown(NamedTuple):
    """Links to write, and the marks of these and of links that lead to nobody's site."""

    links: Sequence[NewLink]
    marks: Sequence[int]
