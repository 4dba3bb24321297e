"""The hash banks in memory: what is listed now, and what of it a picture or a video agrees with."""

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import structlog

from services.classifier.hashes.asked import Asked, asked_of
from services.classifier.hashes.matching import Hit, Matched, VideoFrames, listed_videos, matched
from services.classifier.hashes.reading import (
    LAST_ID,
    Cursor,
    Labels,
    Rows,
    changed_rows,
    current_revision,
    frames_listed,
    labels_of,
)
from services.classifier.hashes.saving import load, save
from services.classifier.hashes.search import Indexes
from services.classifier.hashes.seen_pictures import keep
from shared.database import Database
from shared.events import ContentFound, HashListed
from shared.handling import Context

log = structlog.get_logger(__name__)

NOTHING = Matched()
SAVE_EVERY_S = 900.0  # what is read of the table after a crash is a quarter of an hour's listing, seconds at most
STOP_POLL_S = 0.5  # a stop is noticed within it


class HashBank:
    """An async context manager: entering loads, leaving saves. `folder`: where the index is kept for a quick start.

    Nothing that was listed when content is matched is missed, however late the news of it: what was seen is written
    down first, then the table is asked for its revision, then is matched. A hash that is listed later finds the
    picture among those that were seen (`backwards.py`).
    """

    def __init__(self, database: Database, folder: Path | None) -> None:
        self._database, self._folder = database, folder
        self._indexes = Indexes()
        self._complete = 0  # the revision up to which every change is in the indexes
        self._saved = 0
        self.read_at_start = 0  # rows that were not in the saved index
        self._syncing, self._saving = asyncio.Lock(), asyncio.Lock()

    @property
    def indexes(self) -> Indexes:
        return self._indexes

    def __len__(self) -> int:
        """Hashes that are matched."""
        return len(self._indexes)

    async def __aenter__(self) -> Self:
        if self._folder:
            kept = await load(self._database, self._folder)
            self._indexes, self._saved = kept.indexes, kept.revision
            self._complete = kept.revision
        self.read_at_start = await self.sync()
        await asyncio.to_thread(self._indexes.settle)
        log.info("hash banks loaded", hashes=len(self), read=self.read_at_start, revision=self._complete)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.save()

    async def heard(self, news: HashListed) -> None:
        """At the start a process hears all news there ever was."""
        if news.revision > self._complete:
            await self.sync()

    async def sync(self) -> int:
        """Read what was listed, switched off or on since it was last read; how many rows that were."""
        count = 0
        async with self._syncing:
            async with self._database.transaction() as tx:
                until = await current_revision(tx)
            read = Cursor(self._complete, LAST_ID)
            while page := await self._page(read, until):
                for rows in page:
                    await asyncio.to_thread(self._indexes.take, rows)
                    count += len(rows.packed)
                read = max(rows.last for rows in page)
            self._complete = max(until, self._complete)
        return count

    async def _page(self, after: Cursor, until: int) -> Sequence[Rows]:
        if until <= self._complete:
            return ()
        async with self._database.transaction() as tx:
            return await changed_rows(tx, after, until)

    async def match(self, found: Sequence[ContentFound]) -> list[Matched]:
        """Of each, in the same order, what it agrees with. Raises `Transient` when the database is away."""
        asked = [asked_of(one.finding.pictures, one.videos) for one in found]
        if not any(asked):
            return [NOTHING] * len(found)
        await keep(self._database, list(zip(found, asked, strict=True)))
        async with self._database.transaction() as tx:
            behind = await current_revision(tx) > self._complete
        if behind:
            await self.sync()
        return await self.matched(asked)

    async def matched(self, asked: Sequence[Sequence[Asked]]) -> list[Matched]:
        """Match what was kept before. Each of `asked` is one finding's."""
        flat = list(itertools.chain.from_iterable(asked))
        hits = await asyncio.to_thread(self._indexes.search, flat)
        if not any(hits):
            return [NOTHING] * len(asked)
        labels, frames = await self._labels(flat, hits)
        answered = iter(zip(flat, hits, strict=True))
        return [matched(list(itertools.islice(answered, len(one))), labels, frames) for one in asked]

    async def _labels(self, asked: Sequence[Asked], hits: Sequence[Sequence[Hit]]) -> tuple[Labels, VideoFrames]:
        """What the table says of the hits, at this moment: switched off there is switched off here."""
        numbers = sorted({hit.number for some in hits for hit in some})
        async with self._database.transaction() as tx:
            labels = await labels_of(tx, numbers, tx.clock.now())
            videos = sorted(listed_videos(zip(asked, hits, strict=True), labels))
            return labels, await frames_listed(tx, videos) if videos else {}

    async def look_after(self, context: Context) -> None:
        """Background task: save the index now and then, so that a killed process starts quickly too."""
        saved_at = context.clock.monotonic()
        while not context.stopping():
            if context.clock.monotonic() - saved_at >= SAVE_EVERY_S:
                saved_at = context.clock.monotonic()
                await self.save()
            await context.clock.sleep(STOP_POLL_S)

    async def save(self) -> None:
        """Nothing without a folder, or when nothing changed. A full disk is told in the log and disturbs nobody.

        Listing goes on meanwhile; what came too late for the revision is read again at the next start.
        """
        async with self._saving:
            revision = self._complete
            if self._folder is None or revision == self._saved:
                return
            if await save(self._database, self._folder, self._indexes, revision):
                self._saved = revision
