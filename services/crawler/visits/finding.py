"""From what was read to what the classifier is told (pure)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from services.crawler.pages.reading import Page
from services.crawler.visit import Known
from shared.events import ContentFound
from shared.events.values import MAX_EXCERPT, MAX_TEXT, Capture, Finding, Picture, Video
from shared.identity import identity
from shared.net import Fetched

FALLBACK_TYPE = "application/octet-stream"


def content_digest(text: str, pictures: Sequence[Picture], videos: Sequence[Video] = ()) -> str:
    """Of own text, pictures and videos: two views of the same content have the same."""
    parts = [text[:MAX_TEXT], *(picture.sha256 for picture in pictures), *(video.sha256 for video in videos)]
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()


def content_found(
    known: Known,
    page: Page,
    pictures: tuple[Picture, ...],
    digest: str,
    capture: Capture,
    found_at: datetime,
    *,
    videos: tuple[Video, ...] = (),
    rendered: bool = False,
) -> ContentFound:
    finding = Finding(
        content_id=identity("content", known.url, digest),
        url=known.url,
        site=known.watched.site,
        title=page.title,
        language=page.language or known.watched.site.language,
        excerpt=page.text[:MAX_EXCERPT],
        pictures=pictures,
        found_at=found_at,
        videos=tuple(video.model_copy(update={"frames": ()}) for video in videos),
    )
    return ContentFound(
        host=known.watched.site.host,
        finding=finding,
        text=page.text[:MAX_TEXT],
        capture=capture,
        authors=page.authors,
        published_at=page.published_at,
        videos=videos,
        audio=page.audio,
        thread=page.thread,
        rendered=rendered,
        legal_ground=known.watched.legal_ground,
        reports=known.reports,
        reported_as=known.reported_as,
    )


def capture_of(answer: Fetched, user_agent: str, fetched_at: datetime) -> Capture:
    return Capture(
        fetched_at=fetched_at,
        status=answer.status,
        address=answer.address,
        user_agent=user_agent,
        content_type=answer.headers.get("content-type", FALLBACK_TYPE),
        body_sha256=hashlib.sha256(answer.body).hexdigest(),
        exit=answer.exit,
    )
