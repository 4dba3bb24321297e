"""From what a connector handed over to what the classifier is told (pure)."""

from collections.abc import Iterator
from datetime import datetime

from services.crawler.connectors.port import Conversation, Post
from services.crawler.connectors.pseudonyms import pseudonym
from services.crawler.pictures.picture_box import Shown
from services.crawler.visit import Known
from services.crawler.visits.finding import content_digest
from shared.events import ContentFound, ConversationObserved, Turn
from shared.events.conversations import MAX_TURN
from shared.events.values import MAX_EXCERPT, MAX_TEXT, Capture, Finding
from shared.identity import identity

MOST_TURNS = 200  # of an event
MAX_TITLE = 300
MOST_AUTHORS = 20


def content_of(post: Post, known: Known, shown: Shown, capture: Capture, now: datetime) -> ContentFound:
    """The same post with the same content has the same id, however often it is read."""
    site = post.site or known.watched.site
    said = post.text[:MAX_TEXT]
    digest = content_digest(said, shown.pictures, shown.videos)
    finding = Finding(
        content_id=identity("content", post.url, digest),
        url=post.url,
        site=site,
        title=post.title[:MAX_TITLE],
        language=post.language or site.language,
        excerpt=said[:MAX_EXCERPT],
        pictures=shown.pictures,
        found_at=now,
        videos=tuple(video.model_copy(update={"frames": ()}) for video in shown.videos),
    )
    return ContentFound(
        host=site.host,
        finding=finding,
        text=said,
        capture=capture,
        authors=post.authors[:MOST_AUTHORS],
        published_at=post.published_at,
        videos=shown.videos,
        audio=post.audio,
        legal_ground=known.watched.legal_ground,
    )


def observed(conversation: Conversation, known: Known, key: bytes, now: datetime) -> Iterator[ConversationObserved]:
    """In the room's order, each message once."""
    turns = [
        Turn(
            turn_id=said.turn_id,
            speaker=pseudonym(said.speaker, key),
            said_at=said.said_at,
            text=said.text[:MAX_TURN],
        )
        for said in {said.turn_id: said for said in conversation.said}.values()
    ]
    for start in range(0, len(turns), MOST_TURNS):
        yield ConversationObserved(
            conversation=conversation.name,
            site=known.watched.site,
            lawful_basis=conversation.basis.kind,
            proof=conversation.basis.proof,
            turns=tuple(turns[start : start + MOST_TURNS]),
            observed_at=now,
        )
