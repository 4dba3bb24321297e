"""Listing hashes: what the command line and, later, reviewers' verdicts call."""

import hashlib
from collections.abc import Sequence

from services.classifier.hashes.hash_files import parse_hashes
from services.classifier.hashes.store import insert_new
from shared.database import Database
from shared.events import HashListed
from shared.events.values import HashEntry
from shared.identity import identity

__all__ = ["list_hashes", "parse_hashes"]

ENTRIES_PER_EVENT = 500  # some 150 KB a record, well below a broker's usual limit of 1 MB


async def list_hashes(database: Database, bank: str, entries: Sequence[HashEntry]) -> int:
    """List the entries that the bank does not have and tell every classifier; how many they were.

    A hash that the bank has already under the same entry stays as it is, its threshold too. Each chunk of entries is
    a transaction of its own: after an interruption, listing all again completes it.
    """
    listed = 0
    for start in range(0, len(entries), ENTRIES_PER_EVENT):
        async with database.transaction() as tx:
            now = tx.clock.now()
            new = await insert_new(tx, bank, entries[start : start + ENTRIES_PER_EVENT], now)
            if new:
                event = HashListed(bank=bank, entries=new, listed_at=now)
                tx.publish(event, id=identity("hash.listed", bank, _digest(new), now.isoformat()))
        listed += len(new)
    return listed


def _digest(entries: Sequence[HashEntry]) -> str:
    return hashlib.sha256("\n".join(entry.model_dump_json() for entry in entries).encode()).hexdigest()
