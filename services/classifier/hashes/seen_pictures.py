"""The hashes of pictures and videos that were seen, so that a hash that is listed later finds them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.classifier.hashes.asked import Asked
from services.classifier.hashes.entries import DIGESTS, OCTETS, Algorithm
from services.classifier.hashes.store import SeenPicture
from shared.database import Database, Transaction
from shared.events import ContentFound


async def keep(database: Database, found: Sequence[tuple[ContentFound, Sequence[Asked]]]) -> None:
    """Write down what is about to be matched. Content seen again is as new."""
    async with database.transaction() as tx:
        now = tx.clock.now()
        rows = {(row["content_id"], row["place"]): {**row, "seen_at": now} for row in _rows(found)}
        if rows:
            statement = insert(SeenPicture).values(list(rows.values()))
            new = {name: statement.excluded[name] for name in ("pdq", "phash", "digests", "frames_at_s", "seen_at")}
            key = [SeenPicture.content_id, SeenPicture.place]
            await tx.execute(statement.on_conflict_do_update(index_elements=key, set_=new))


def _rows(found: Iterable[tuple[ContentFound, Sequence[Asked]]]) -> Iterable[dict[str, Any]]:
    for one, asked in found:
        for place, file in enumerate(asked):
            yield {
                "content_id": one.finding.content_id,
                "place": place,
                "pdq": b"".join(look.hash for look in file.pdq),
                "phash": b"".join(look.hash for look in file.phash),
                "digests": b"".join(file.digests),
                "frames_at_s": list(file.frames_at_s) if file.frames_at_s is not None else None,
            }


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
    return {(content, place): (pdq, moments) for content, place, pdq, moments in rows}
