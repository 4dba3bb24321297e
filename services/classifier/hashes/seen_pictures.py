"""The hashes of pictures and videos that were seen, so that a hash that is listed later finds them."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.classifier.hashes.asked import Asked
from services.classifier.hashes.entries import DIGESTS, OCTETS, Algorithm
from services.classifier.hashes.store import FRAME_AT, SeenPicture
from shared.database import Database, Transaction
from shared.events import ContentFound

# One statement with an array a column, as in `listing`.
KEEP = sa.text(
    """
    INSERT INTO seen_pictures (content_id, place, pdq, phash, digests, frames_at_s, seen_at)
    SELECT new.*, :now
    FROM unnest(CAST(:content_id AS uuid[]), CAST(:place AS integer[]), CAST(:pdq AS bytea[]),
                CAST(:phash AS bytea[]), CAST(:digests AS bytea[]), CAST(:frames_at_s AS bytea[])) AS new
    ON CONFLICT (content_id, place) DO UPDATE
    SET pdq = excluded.pdq, phash = excluded.phash, digests = excluded.digests, frames_at_s = excluded.frames_at_s,
        seen_at = excluded.seen_at
    """
)


async def keep(database: Database, found: Sequence[tuple[ContentFound, Sequence[Asked]]]) -> None:
    """Write down what is about to be matched. Content seen again is as new."""
    # By key, so that what is twice in a batch is once, and sorted, so that two batches lock rows in one order.
    seen = {(one.finding.content_id, place): file for one, asked in found for place, file in enumerate(asked)}
    rows = sorted(seen.items(), key=lambda row: row[0])
    async with database.transaction() as tx:
        columns = {
            "content_id": [content for (content, _), _ in rows],
            "place": [place for (_, place), _ in rows],
            "pdq": [b"".join(look.hash for look in file.pdq) for _, file in rows],
            "phash": [b"".join(look.hash for look in file.phash) for _, file in rows],
            "digests": [b"".join(file.digests) for _, file in rows],
            "frames_at_s": [_packed(file.frames_at_s) for _, file in rows],
        }
        await tx.execute(KEEP, {**columns, "now": tx.clock.now()})


def _packed(moments: Sequence[float] | None) -> bytes | None:
    return None if moments is None else b"".join(struct.pack(FRAME_AT, moment) for moment in moments)


@dataclass(frozen=True)
class SeenHashes:
    """Of many pictures, their hashes one after the other; `…_of`: the place in `contents` that a hash belongs to.

    `last`: the number of the last picture; 0 when there is none.
    """

    last: int = 0
    contents: tuple[UUID, ...] = ()
    pdq: bytes = b""
    pdq_of: tuple[int, ...] = ()
    phash: bytes = b""
    phash_of: tuple[int, ...] = ()
    digests: tuple[bytes, ...] = ()
    digests_of: tuple[int, ...] = ()


async def seen_after(tx: Transaction, after: int, limit: int) -> SeenHashes:
    """The next pictures by number."""
    columns = (SeenPicture.id, SeenPicture.content_id, SeenPicture.pdq, SeenPicture.phash, SeenPicture.digests)
    query = sa.select(*columns).where(SeenPicture.id > after).order_by(SeenPicture.id).limit(limit)
    rows: Sequence[tuple[Any, ...]] = (await tx.execute(query)).all()
    if not rows:
        return SeenHashes()
    ids, contents, pdq, phash, digests = zip(*rows, strict=True)
    files = [_split(some) for some in digests]
    return SeenHashes(
        ids[-1],
        contents,
        b"".join(pdq),
        _owners([len(some) // OCTETS[Algorithm.PDQ] for some in pdq]),
        b"".join(phash),
        _owners([len(some) // OCTETS[Algorithm.PHASH] for some in phash]),
        tuple(digest for file in files for digest in file),
        _owners([len(file) for file in files]),
    )


def _owners(counts: Sequence[int]) -> tuple[int, ...]:
    return tuple(place for place, count in enumerate(counts) for _ in range(count))


def _split(digests: bytes) -> list[bytes]:
    """As `asked` put them together: what is left tells which comes next."""
    parts = []
    for algorithm in DIGESTS:
        size = OCTETS[algorithm]
        if len(digests) >= size:
            parts.append(digests[:size])
            digests = digests[size:]
    return parts


async def videos_of(
    tx: Transaction, content_ids: Sequence[UUID]
) -> Mapping[tuple[UUID, int], tuple[bytes, list[float]]]:
    """Of their videos the hashes of the frames, one after the other, and their moments; by content and place."""
    query = sa.select(SeenPicture.content_id, SeenPicture.place, SeenPicture.pdq, SeenPicture.frames_at_s).where(
        SeenPicture.content_id.in_(list(content_ids)), SeenPicture.frames_at_s.isnot(None)
    )
    rows: Sequence[tuple[Any, ...]] = (await tx.execute(query)).all()
    return {
        (content, place): (pdq, [at for (at,) in struct.iter_unpack(FRAME_AT, moments)])
        for content, place, pdq, moments in rows
    }
