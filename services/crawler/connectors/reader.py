"""A visit by a connector: from what is known of the site to what the frontier keeps and the classifier is told."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from services.crawler.connectors.lawful import basis_of, holds
from services.crawler.connectors.polite import Polite
from services.crawler.connectors.port import MAX_CURSOR, Conversation, Harvest, Post, Source
from services.crawler.connectors.registry import connector, options_of
from services.crawler.connectors.telling import content_of, observed
from services.crawler.domain import PageKind
from services.crawler.frontier.outcomes import MAX_PROBLEM, failed, not_answered, settled
from services.crawler.frontier.pacing import NotNow
from services.crawler.pictures.picture_box import PictureBox, Shown
from services.crawler.pictures.remembered import conditions
from services.crawler.visit import Known, Visited, Watched
from services.crawler.visits.asking import Asker
from services.crawler.visits.finding import capture_of
from shared.clock import Clock
from shared.events import ContentFound, ConversationObserved
from shared.failures import Failure, Rejected, Transient
from shared.net import Fetched

PATIENCE = 3  # visits in a row that may lack media before what could not be had is given up
REFUSED_AS_FAILURES = 20  # what will not change by itself: the longest backoff
LEAST_AFTER_S = 1.0  # a source that always has more is asked again as fast as any host

KeyOf = Callable[[str], Awaitable[bytes]]
Found = tuple[ContentFound | ConversationObserved, ...]


@dataclass(frozen=True)
class Reader:
    """`key_of` gives the key of a conversation's pseudonyms. `mappings`: folder of the agency's own JSON mappings."""

    asker: Asker
    pictures: PictureBox
    clock: Clock
    user_agent: str
    key_of: KeyOf
    mappings: Path | None = None
    wants_media: bool = True

    async def read(self, known: Known) -> Visited:
        """Never raises for what the other side does: that is recorded with the site. Raises `NotNow`."""
        try:
            return await self._read(known)
        except NotNow:
            raise
        except Rejected as refused:
            return failed(known, str(refused), max(known.failures, REFUSED_AS_FAILURES), self.clock.now())
        except Failure as failure:
            wait = failure.after_s if isinstance(failure, Transient) else None
            return replace(not_answered(known, failure, self.clock.now()), hold_off_s=wait or 0.0)

    async def _read(self, known: Known) -> Visited:
        watched, now = known.watched, self.clock.now()
        try:
            reads = connector(watched.connector or "", self.mappings)
            options = options_of(reads, watched.options)
        except ValueError as wrong:
            raise Rejected(str(wrong)) from wrong
        basis, unlawful = None, None
        try:
            basis = basis_of(options, watched.legal_ground, now)
        except ValueError as wrong:
            unlawful = f"no conversation is read: {wrong}"
        self.asker.pacer.set_pace(watched.site.host, watched.requests_per_second)
        rules = None if reads.is_api else await self.asker.rules(known.url, watched)
        validators = conditions(known.etag, known.last_modified)
        source = Source(
            watched.site, known.url, options, basis, known.cursor, now, unlawful, validators, self.wants_media
        )
        harvest = await reads.read(source, Polite(self.asker, watched, known.url, rules))
        if harvest.cursor and len(harvest.cursor) > MAX_CURSOR:
            raise Rejected(f"the connector's cursor has {len(harvest.cursor)} characters; {MAX_CURSOR} is the most")
        return await self._visited(known, source, harvest)

    async def _visited(self, known: Known, source: Source, harvest: Harvest) -> Visited:
        now = self.clock.now()
        posts, missing = await self._posts(known, harvest, now)
        conversations, refused = await self._conversations(known, source, harvest.conversations, now)
        found: Found = (*posts, *conversations)
        missing += harvest.missing
        if missing and known.failures < PATIENCE:
            # Told now, and read again soon from where it was, so that they may be told with everything.
            again = failed(known, f"{missing} media could not be fetched", known.failures + 1, now)
            return _with(replace(again, found=found), harvest.answer)
        lacking = f"{missing} media could not be fetched: left out" if missing else None
        problem = "; ".join(filter(None, (lacking, harvest.problem, source.unlawful, *refused)))[:MAX_PROBLEM]
        begun = harvest.answer if harvest.begins else None
        visited = settled(
            known, PageKind.FEED, now, changed=bool(found), answer=begun, found=found, problem=problem or None
        )
        if harvest.after_s is not None:
            visited = replace(visited, next_at=now + timedelta(seconds=max(harvest.after_s, LEAST_AFTER_S)))
        return _with(replace(visited, cursor=harvest.cursor), harvest.answer)

    async def _posts(self, known: Known, harvest: Harvest, now: datetime) -> tuple[tuple[ContentFound, ...], int]:
        """And the number of media that could not be had."""
        if not harvest.posts or harvest.answer is None:
            return (), 0
        capture = capture_of(harvest.answer, self.user_agent, now)
        media = await asyncio.gather(*(self._media(post, known.watched) for post in harvest.posts))
        told = tuple(
            content_of(post, known, shown, capture, now)
            for post, shown in zip(harvest.posts, media, strict=True)
            if post.text or post.title or shown.pictures or shown.videos or post.audio
        )
        return told, sum(shown.missing for shown in media)

    async def _media(self, post: Post, watched: Watched) -> Shown:
        """Fetched where they have an address of their own, else described as they are."""
        pictures = [one.url for one in post.pictures if one.body is None]
        videos = [one.url for one in post.videos if one.body is None]
        shown = await self.pictures.shown(post.url, pictures, watched, videos=videos)
        if not self.wants_media:
            return shown
        here = [await self.pictures.describe(one.url, one.body) for one in post.pictures if one.body is not None]
        moving = [await self.pictures.describe_video(one.url, one.body) for one in post.videos if one.body is not None]
        return replace(shown, pictures=(*shown.pictures, *here), videos=(*shown.videos, *moving))

    async def _conversations(
        self, known: Known, source: Source, given: Iterable[Conversation], now: datetime
    ) -> tuple[tuple[ConversationObserved, ...], tuple[str, ...]]:
        """What may be passed on, and a sentence for each that may not: the last gate, whatever a connector does."""
        told, refused = list[ConversationObserved](), list[str]()
        for conversation in given:
            if why := holds(conversation.basis, source.basis, now):
                refused.append(f"conversation {conversation.name[:80]} is not passed on: {why}")
            else:
                key = await self.key_of(conversation.name)
                told.extend(observed(conversation, known, key, now))
        return tuple(told), tuple(refused)


def _with(visited: Visited, answer: Fetched | None) -> Visited:
    return replace(visited, status=answer.status, bytes=len(answer.body)) if answer else visited
