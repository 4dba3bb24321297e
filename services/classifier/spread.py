"""On how many hosts a picture or a text was shown within the last days: by digests, no content is kept."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.classifier.store import Base
from shared.database import Transaction
from shared.events import ContentFound
from shared.events.values import MIN_PDQ_QUALITY, Picture

MOST_HOSTS = 100  # counted at most: what is on more is everywhere
# A smaller picture is a smiley, a button or a face beside a name: the same one stands on every board.
SMALLEST_SIDE = 160  # pixels
SHORTEST_TEXT = 80  # characters: shorter ones ("page not found") are the same everywhere
REFRESH = timedelta(hours=1)  # a mark that is seen all the time is not written all the time


class SeenMark(Base):
    """`mark`: the first 64 bits of a digest: two of a billion different ones agree by chance one time in 40."""

    __tablename__ = "seen_marks"

    mark: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    host: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


def marks(found: ContentFound) -> set[int]:
    """Of the pictures (the same file, or the same PDQ) and of the text, if it is long enough to be told again."""
    kept = (one for picture in found.finding.pictures if _tells(picture) for one in _of_picture(picture))
    return {*kept, *_of_text(found.text)}


def _tells(picture: Picture) -> bool:
    sides = picture.width or 0, picture.height or 0
    return min(sides) >= SMALLEST_SIDE and (picture.pdq_quality or 0) >= MIN_PDQ_QUALITY


def _of_picture(picture: Picture) -> Iterator[int]:
    yield _mark("file", picture.sha256)
    if picture.pdq_dihedral:
        yield _mark("pdq", picture.pdq_dihedral[0])


def _of_text(text: str) -> Iterator[int]:
    words = " ".join(text.casefold().split())
    if len(words) >= SHORTEST_TEXT:
        yield _mark("text", words)


def _mark(kind: str, what: str) -> int:
    digest = hashlib.sha256(f"{kind}\x1f{what}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


_COUNT = sa.text(
    """
    SELECT asked.place,
           (SELECT count(*) FROM (SELECT 1 FROM seen_marks s WHERE s.mark = asked.mark AND s.host <> asked.host
                                  AND s.seen_at > :since LIMIT :most) AS others)
    FROM unnest(CAST(:places AS int[]), CAST(:marks AS bigint[]), CAST(:hosts AS text[])) AS asked(place, mark, host)
    """
)
_KEEP = sa.text(
    """
    INSERT INTO seen_marks (mark, host, seen_at)
    SELECT mark, host, max(seen_at)
    FROM unnest(CAST(:marks AS bigint[]), CAST(:hosts AS text[]), CAST(:moments AS timestamptz[]))
      AS row(mark, host, seen_at)
    GROUP BY mark, host ORDER BY mark, host
    ON CONFLICT (mark, host) DO UPDATE SET seen_at = excluded.seen_at
      WHERE seen_marks.seen_at < excluded.seen_at - CAST(:refresh AS interval)
    """
)


async def hosts(tx: Transaction, found: Sequence[ContentFound], since: datetime) -> list[int]:
    """For each finding: hosts that showed one of its pictures or its text since then, its own included."""
    asked = [(place, mark, one.host) for place, one in enumerate(found) for mark in marks(one)]
    counted = [1] * len(found)
    if asked:
        values = _columns(asked, "places", "marks", "hosts") | {"since": since, "most": MOST_HOSTS - 1}
        rows: Sequence[tuple[int, ...]] = (await tx.execute(_COUNT, values)).all()
        for place, others in rows:
            counted[place] = max(counted[place], 1 + others)
    return counted


async def keep(tx: Transaction, found: Sequence[ContentFound]) -> None:
    """Remember who showed what."""
    shown = [(mark, one.host, one.finding.found_at) for one in found for mark in marks(one)]
    if shown:
        await tx.execute(_KEEP, _columns(shown, "marks", "hosts", "moments") | {"refresh": REFRESH})


def _columns(rows: Sequence[tuple[object, ...]], *names: str) -> dict[str, object]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}
