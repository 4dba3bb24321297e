"""One visit: ask, read, describe. Gives what the frontier keeps and what is told to the classifier."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.crawler.domain import MOST_HOPS, PageKind, Priority
from services.crawler.frontier.outcomes import failed, named, not_answered, not_served, settled
from services.crawler.frontier.pacing import NotNow
from services.crawler.pages.feeds import is_feed, read_feed
from services.crawler.pages.listings import discovered
from services.crawler.pages.reading import Page
from services.crawler.pictures.remembered import conditions
from services.crawler.visit import Known, Link, Visited
from services.crawler.visits.asking import Asker, header, redirect_of
from services.crawler.visits.describing import Describer
from services.crawler.visits.sight import Seen, Sight
from services.crawler.visits.walled import walled
from shared.clock import Clock
from shared.events.values import SiteKind
from shared.failures import Failure, Rejected
from shared.net import Fetched
from shared.pages.walls import wall_of
from shared.urls import canonical, path_of

GONE = frozenset({404, 410, 451})
NOT_MODIFIED = 304
STAY_AWAY = "robots.txt asks us to stay away"
CUT = "cut: the first {} bytes were read, the rest was left"
REFUSED_AS_FAILURES = 20  # an address that the guard refuses will hardly be allowed later: the longest backoff

Unseen = Callable[[Iterable[str]], Iterable[str]]


@dataclass(frozen=True)
class Visitor:
    """`unseen` leaves out addresses that need not be told: they are known."""

    asker: Asker
    sight: Sight
    describer: Describer
    clock: Clock
    unseen: Unseen = list

    async def visit(self, known: Known) -> Visited:
        """Never raises for what the web does: that is recorded with the page. Raises `NotNow` of the page's host."""
        try:
            rules = await self.asker.rules(known.url, known.watched)
            if not rules.allow(known.url):
                return settled(known, PageKind.GONE, self.clock.now(), changed=False, problem=STAY_AWAY)
            answer = await self.asker.get(known.url, headers=_conditions(known), watched=known.watched, cut=True)
            visited = await self._read(known, answer, rules.sitemaps if known.kind is PageKind.START else ())
        except NotNow as wait:
            if wait.host == known.watched.site.host:
                raise
            # Its robots.txt lies with a host that rests: were nothing recorded, it would be due at once, for ever.
            return failed(known, str(wait), known.failures + 1, self.clock.now())
        except Rejected as refused:
            return failed(known, named(refused), max(known.failures, REFUSED_AS_FAILURES), self.clock.now())
        except Failure as failure:
            return not_answered(known, failure, self.clock.now())
        problem = visited.problem or (CUT.format(len(answer.body)) if answer.cut else None)
        return replace(visited, status=answer.status, bytes=len(answer.body), problem=problem)

    async def _read(self, known: Known, answer: Fetched, sitemaps: tuple[str, ...]) -> Visited:
        now, onward = self.clock.now(), redirect_of(answer)
        if answer.status == NOT_MODIFIED:
            return settled(known, known.kind, now, changed=False)
        if onward and (wall := wall_of(answer.status, answer.headers, known.url, onward)):
            return walled(known, wall, answer, now)
        if onward:
            link = _onward(known, onward)
            return settled(known, PageKind.INDEX, now, changed=False, links=(link,), digest=_digest(onward))
        media_type = answer.headers.get("content-type", "")
        if answer.status == 200 and is_feed(answer.body, media_type):
            return _feed(known, answer, now, self.unseen)
        seen = await self.sight.see(known.url, answer, known.watched)
        if seen.wall:
            return walled(known, seen.wall, answer, self.clock.now())
        if answer.status in GONE:
            return settled(known, PageKind.GONE, now, changed=False, problem=f"status {answer.status}")
        if not 200 <= answer.status < 300:
            return not_served(known, answer.status, now)
        return await self._keep(known, seen, _links(seen.page, sitemaps, known, self.unseen))

    async def _keep(self, known: Known, seen: Seen, links: tuple[Link, ...]) -> Visited:
        if seen.page.is_content or (known.reports and not seen.undrawn):
            visited = await self.describer.describe(known, seen, links)
        elif seen.undrawn:
            visited = settled(known, PageKind.INDEX, self.clock.now(), changed=False, links=links)
        else:
            changed = header(seen.answer, "etag") != known.etag
            visited = settled(known, PageKind.INDEX, self.clock.now(), changed=changed, answer=seen.answer, links=links)
        if seen.drawn or seen.undrawn:  # the empty shell stays the same, whatever its scripts will show next time
            problem = seen.undrawn or visited.problem
            visited = replace(visited, etag=None, last_modified=None, renders=seen.renders, problem=problem)
        return visited


def _feed(known: Known, answer: Fetched, now: datetime, unseen: Unseen) -> Visited:
    found = read_feed(answer.body, answer.headers.get("content-type", ""), known.url, known.watched.site.language)
    digest, links = _digest(*found), tuple(map(Link, unseen(found)))
    changed = digest != known.last_digest
    return settled(known, PageKind.FEED, now, changed=changed, answer=answer, links=links, digest=digest)


def _onward(known: Known, target: str) -> Link:
    """What a person reported stays reported where it leads, whoever lists that host. Where a site's beginning leads
    (over https, to its main page) is its beginning too, but only the first such place: it may be another each time."""
    if known.priority is Priority.REPORT and known.depth < MOST_HOPS:
        return Link(target, priority=Priority.REPORT)
    if known.kind is PageKind.START and known.last_digest is None and known.depth < MOST_HOPS:
        return Link(target, PageKind.START, Priority.LISTING)
    return Link(target)


def _digest(*addresses: str) -> str:
    return hashlib.sha256("\n".join(addresses).encode()).hexdigest()


def _conditions(known: Known) -> dict[str, str]:
    if known.reports:  # who asks for the page has not seen what others saw: it is told again, whatever it was
        return {}
    return {} if known.watched.renders else conditions(known.etag, known.last_modified)


def _links(page: Page, sitemaps: tuple[str, ...], known: Known, unseen: Unseen) -> tuple[Link, ...]:
    """Feeds and sitemaps first: they list what is new. Other views of a page of content (same path, another query, its
    own feed) last: what they show is known."""
    listings = [*page.feeds, *(made for url in sitemaps if (made := canonical(url, known.url)))]
    path = path_of(known.url) if page.is_content else None
    urgent = Priority.ASIDE if page.is_content and known.kind is not PageKind.START else Priority.LISTING
    found = page.links
    if known.watched.site.kind is SiteKind.SEARCH:  # whose results hide behind its own counter
        found = (*found, *discovered(known.url, found))
    return (
        *(Link(url, PageKind.FEED, urgent) for url in listings),
        *(Link(url, priority=Priority.ASIDE if path_of(url) == path else Priority.FIRST) for url in unseen(found)),
    )
