"""The index on disk, for a quick start: what is saved of it, and the revision up to which it is the table's."""

import asyncio
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
import structlog

from services.classifier.hashes.index import DigestIndex, HammingIndex, IndexUnreadable
from services.classifier.hashes.reading import current_revision
from services.classifier.hashes.search import PDQ_BITS, PHASH_BITS, Indexes
from services.classifier.hashes.store import BankRevision
from shared.database import Database

log = structlog.get_logger(__name__)


class Kept(NamedTuple):
    """Indexes with all that the table had up to `revision`: none of it, and 0, when nothing usable is saved."""

    indexes: Indexes
    revision: int


async def load(database: Database, folder: Path) -> Kept:
    """What is broken or of another table is left aside with a line in the log: the table has it all."""
    async with database.transaction() as tx:
        place = folder / str(await tx.scalar(sa.select(BankRevision.history)))
        newest = await current_revision(tx)
    if not place.exists():
        return Kept(Indexes(), 0)
    try:
        kept = await asyncio.to_thread(_load, place)
    except IndexUnreadable as error:
        log.warning("saved hash index not usable: it is built anew from the table", folder=str(place), why=str(error))
        return Kept(Indexes(), 0)
    if kept.revision > newest:
        log.warning("saved hash index is ahead of the table, which was restored: built anew", folder=str(place))
        return Kept(Indexes(), 0)
    return kept


def _load(place: Path) -> Kept:
    pdq, first = HammingIndex.load(place / "pdq", PDQ_BITS)
    phash, second = HammingIndex.load(place / "phash", PHASH_BITS)
    digests, third = DigestIndex.load(place / "digests")
    return Kept(Indexes(pdq, phash, digests), min(first, second, third))


async def save(database: Database, folder: Path, indexes: Indexes, revision: int) -> bool:
    """Whether it is saved."""
    async with database.transaction() as tx:
        place = folder / str(await tx.scalar(sa.select(BankRevision.history)))
    try:
        await asyncio.to_thread(_save, place, indexes, revision)
    except OSError as error:
        log.error("hash index not saved: the next start reads the table", folder=str(place), why=str(error))
        return False
    return True


def _save(place: Path, indexes: Indexes, revision: int) -> None:
    indexes.pdq.save(place / "pdq", revision)
    indexes.phash.save(place / "phash", revision)
    indexes.digests.save(place / "digests", revision)
