"""Content that was found to agree with a hash listed after it was seen: read back, and struck out once judged again."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
import structlog
from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import insert

from services.classifier.hashes.entries import OCTETS, Algorithm
from services.classifier.hashes.seen_pictures import videos_of
from services.classifier.hashes.store import LateMatch
from services.classifier.store import Seen
from shared.database import Transaction
from shared.events import ContentFound
from shared.events.values import MIN_PDQ_QUALITY, Capture, Finding, Frame, Video

log = structlog.get_logger(__name__)

JUDGED_AT_ONCE = 50
# What was matched is judged at once after that, or read from its topic again, with the hashes that are listed by then.
JUDGED_WITHIN = timedelta(minutes=10)

Frames = Mapping[tuple[UUID, int], tuple[bytes, list[float]]]  # of videos, by content and place


async def note(tx: Transaction, contents: set[UUID]) -> None:
    if contents:
        rows = [{"content_id": content, "found_at": tx.clock.now()} for content in sorted(contents)]
        await tx.execute(insert(LateMatch).values(rows).on_conflict_do_nothing())


async def next_noted(tx: Transaction) -> list[ContentFound]:
    """The next contents as they were found, without words. What never was judged, or is unreadable, is struck out."""
    unjudged = LateMatch.content_id.not_in(sa.select(Seen.content_id))
    await tx.execute(sa.delete(LateMatch).where(LateMatch.found_at < tx.clock.now() - JUDGED_WITHIN, unjudged))
    query = sa.select(Seen).join(LateMatch, LateMatch.content_id == Seen.content_id)
    rows = await tx.scalars(query.order_by(LateMatch.found_at).limit(JUDGED_AT_ONCE))
    frames = await videos_of(tx, [row.content_id for row in rows]) if rows else {}
    found, unreadable = [], []
    for row in rows:
        try:
            found.append(_found(row, frames))
        except ValidationError as error:
            log.error("not judged again: what was seen is unreadable", content_id=str(row.content_id), why=str(error))
            unreadable.append(row.content_id)
    await strike_out(tx, unreadable)
    return found


async def strike_out(tx: Transaction, contents: Sequence[UUID]) -> None:
    await tx.execute(sa.delete(LateMatch).where(LateMatch.content_id.in_(contents)))


def _found(row: Seen, frames: Frames) -> ContentFound:
    """The finding has all but its words and the frames of its videos."""
    finding = Finding.model_validate({"title": "", "excerpt": "", **row.finding})
    videos = enumerate(finding.videos, len(finding.pictures))
    shown = [_with_frames(video, *frames.get((row.content_id, place), (b"", []))) for place, video in videos]
    capture = Capture.model_validate(row.capture)
    return ContentFound(host=row.host, finding=finding, text="", capture=capture, videos=tuple(shown))


def _with_frames(video: Video, hashes: bytes, moments: Sequence[float]) -> Video:
    """Only frames that were clear enough had been kept."""
    size = OCTETS[Algorithm.VPDQ]
    frames = tuple(
        Frame(at_s=moment, pdq=hashes[size * number :][:size].hex(), pdq_quality=MIN_PDQ_QUALITY)
        for number, moment in enumerate(moments)
    )
    return video.model_copy(update={"frames": frames})
