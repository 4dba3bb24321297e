"""Matching backwards: hashes that are listed now against the pictures and videos that were seen before.

In steps, each of which leaves its progress in the table together with what it found, so that a kill loses nothing and
repeats one step at most. Of several processes one goes on: who finds that another was quicker waits for a while.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
import structlog

from services.classifier.hashes.asked import asked_of
from services.classifier.hashes.bank import HashBank
from services.classifier.hashes.changes import next_revision
from services.classifier.hashes.late_matches import next_noted, note, strike_out
from services.classifier.hashes.matching import Matched
from services.classifier.hashes.reading import current_revision, newly_in_force
from services.classifier.hashes.search import Indexes
from services.classifier.hashes.seen_pictures import SeenHashes, seen_after
from services.classifier.hashes.store import Backwards, Bank
from shared.database import Database, Transaction
from shared.events import ContentFound
from shared.failures import Transient
from shared.handling import Context

log = structlog.get_logger(__name__)

# Called with content that was seen before and what it agrees with now, in the transaction that strikes it out.
JudgeAgain = Callable[[Transaction, ContentFound, Matched], Awaitable[None]]

LOOK_S = 1.0  # between two looks whether anything was listed
MOST_NEW = 200_000  # hashes in an index of their own, 10 MB; for more the bank's own serves, with hits that are old
# Seen pictures looked up in one step: some seconds of work, which is what a kill repeats.
PICTURES, PICTURES_OF_MANY, MANY = 2_000, 200, 10_000


class Progress(NamedTuple):
    """As in the table `backwards`."""

    done: int
    goal: int
    after: int


class BackwardsMatching:
    def __init__(self, bank: HashBank, judge_again: JudgeAgain) -> None:
        self._bank, self._judge_again = bank, judge_again
        self._prepared: tuple[tuple[int, int], Indexes] | None = None  # of the pass that goes on, with its revisions

    async def run(self, context: Context) -> None:
        """Background task."""
        while not context.stopping():
            try:
                went_on = await self.step(context.database)
            except Transient as failure:
                log.warning("matching backwards has to wait", reason=str(failure))
                went_on = False
            if not went_on:
                await context.clock.sleep(LOOK_S)

    async def step(self, database: Database) -> bool:
        """Whether there may be more to do at once."""
        if await self._judge_some(database):
            return True
        progress = await self._progress(database)
        return progress is not None and await self._look_through(database, progress)

    async def _judge_some(self, database: Database) -> bool:
        async with database.transaction() as tx:
            noted = await next_noted(tx)
        if not noted:
            return False
        answers = await self._bank.matched([asked_of(found.finding.pictures, found.videos) for found in noted])
        await self._judge(database, list(zip(noted, answers, strict=True)))
        log.info("judged again by what was listed after it was seen", contents=len(noted))
        return True

    async def _judge(self, database: Database, some: Sequence[tuple[ContentFound, Matched]]) -> None:
        """What cannot be judged is told and left out; it must not stop the others."""
        contents = [found.finding.content_id for found, _ in some]
        try:
            async with database.transaction() as tx:
                for found, answer in some:
                    if answer.matches:
                        await self._judge_again(tx, found, answer)
                await strike_out(tx, contents)
        except Transient:
            raise
        except Exception:
            if len(some) == 1:
                log.exception("not judged again", content_id=str(contents[0]))
                async with database.transaction() as tx:
                    await strike_out(tx, contents)
            else:
                for one in some:
                    await self._judge(database, [one])

    async def _progress(self, database: Database) -> Progress | None:
        """Where the pass stands, or a new one begins; None when nothing was listed since the last."""
        async with database.transaction() as tx:
            await _include_banks_that_began(tx)
            row = (await tx.execute(sa.select(Backwards.done, Backwards.goal, Backwards.after))).one()
            goal = row.goal if row.goal > row.done else await current_revision(tx)
        return Progress(row.done, goal, row.after) if goal > row.done else None

    async def _look_through(self, database: Database, progress: Progress) -> bool:
        """The next pictures. False when another process was quicker."""
        indexes = await self._new(database, progress)
        limit = PICTURES if len(indexes) <= MANY else PICTURES_OF_MANY
        seen = SeenHashes()
        if len(indexes):
            async with database.transaction() as tx:
                seen = await seen_after(tx, progress.after, limit)
        contents = await asyncio.to_thread(_agreeing, indexes, seen) if seen.last else set()
        finished = progress._replace(done=progress.goal, after=0)
        async with database.transaction() as tx:
            if not await _move(tx, progress, progress._replace(after=seen.last) if seen.last else finished):
                return False
            await note(tx, contents)
        if not seen.last:
            self._prepared = None
        return True

    async def _new(self, database: Database, progress: Progress) -> Indexes:
        """What is to be matched with all that was seen."""
        key = progress.done, progress.goal
        if self._prepared is None or self._prepared[0] != key:
            self._prepared = None  # freed before the next is made
            self._prepared = key, await self._read_new(database, progress)
        return self._prepared[1]

    async def _read_new(self, database: Database, progress: Progress) -> Indexes:
        await self._bank.sync()
        indexes, last = Indexes(), 0
        while len(indexes) <= MOST_NEW:
            async with database.transaction() as tx:
                page = await newly_in_force(tx, progress.done, progress.goal, last, tx.clock.now())
            if not page:
                return indexes
            for rows in page:
                await asyncio.to_thread(indexes.take, rows)
            last = max(rows.last_id for rows in page)
        return self._bank.indexes


def _agreeing(indexes: Indexes, seen: SeenHashes) -> set[UUID]:
    pdq, phash, digests = indexes.touches(seen.pdq, seen.phash, seen.digests)
    return {
        seen.contents[owners[query]]
        for owners, hits in ((seen.pdq_of, pdq), (seen.phash_of, phash), (seen.digests_of, digests))
        for query in set(hits.query.tolist())
    }


async def _move(tx: Transaction, old: Progress, new: Progress) -> bool:
    """False when it stands elsewhere: another process has done this step."""
    there = (Backwards.done == old.done, Backwards.goal.in_([old.done, old.goal]), Backwards.after == old.after)
    moved = await tx.execute(sa.update(Backwards).where(*there).values(**new._asdict()))
    return moved.rowcount > 0


async def _include_banks_that_began(tx: Transaction) -> None:
    """A bank whose validity begins counts from then on for what was seen before, too."""
    now, looked_at = tx.clock.now(), sa.select(Backwards.valid_at).scalar_subquery()
    began = sa.and_(Bank.valid_from > looked_at, Bank.valid_from <= now)
    if await tx.scalar(sa.select(Bank.name).where(began).limit(1)) is None:
        return
    revision = await next_revision(tx)
    await tx.execute(sa.update(Bank).where(began).values(relisted=revision))
    await tx.execute(sa.update(Backwards).values(valid_at=now))
