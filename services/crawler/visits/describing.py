"""A page of content becomes a finding: its pictures and videos described, told when it is new and no copy."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.crawler.domain import PageKind
from services.crawler.frontier.outcomes import pictures_missing, settled
from services.crawler.pages.reading import Page
from services.crawler.pictures.picture_box import PictureBox
from services.crawler.visit import Known, Link, Visited
from services.crawler.visits.finding import capture_of, content_digest, content_found
from services.crawler.visits.sight import Seen
from shared.clock import Clock
from shared.events import ContentFound
from shared.urls import host_of

DigestOf = Callable[[str], Awaitable[str | None]]


@dataclass(frozen=True)
class Describer:
    """`digest_of` tells the digest of the content last seen at another address."""

    pictures: PictureBox
    clock: Clock
    user_agent: str
    digest_of: DigestOf

    async def describe(self, known: Known, seen: Seen, links: tuple[Link, ...]) -> Visited:
        page, fetched_at = seen.page, self.clock.now()
        shown = await self.pictures.shown(
            known.url, page.pictures, known.watched, inline=page.inline_pictures, videos=page.videos
        )
        digest = content_digest(page.text, shown.pictures, shown.videos)
        changed, now = digest != known.last_digest, self.clock.now()
        found: tuple[ContentFound, ...] = ()
        if known.reports or (changed and not await self._is_copy(known, page, digest)):
            capture = capture_of(seen.answer, self.user_agent, fetched_at)
            rendered = seen.drawn is not None
            told = content_found(
                known, page, shown.pictures, digest, capture, now, videos=shown.videos, rendered=rendered
            )
            found = (told,)
        visited = settled(
            known, PageKind.CONTENT, now, changed=changed, answer=seen.answer, links=links, digest=digest, found=found
        )
        return pictures_missing(visited, shown.missing, now, changed=changed) if shown.missing else visited

    async def _is_copy(self, known: Known, page: Page, digest: str) -> bool:
        """Whether the page is another view of one that was seen, by its own word and by its content: a print view. Its
        word alone would be a way to hide."""
        if page.copy_of is None or host_of(page.copy_of) != host_of(known.url):
            return False
        return await self.digest_of(page.copy_of) == digest
