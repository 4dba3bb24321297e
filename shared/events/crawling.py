"""The hot lane: what is due to be visited, and what was seen."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Value
from shared.events.topics import CONTENT_FOUND, CRAWL_DUE
from shared.events.values import MAX_TEXT, Capture, Finding, Post, Url, Video


class Visit(StrEnum):
    FIRST = "first"
    REVISIT = "revisit"
    CHECK = "check"


class DueVisit(Value):
    """An address of the same host that is due as well."""

    url: Url
    visit: Visit
    due_at: AwareDatetime
    check_id: UUID | None = None


class CrawlDue(Event, topic=CRAWL_DUE, type="crawl.due.v1", key="host", owner="crawler"):
    """The scheduler found addresses of a host due: whoever holds the host's partition visits them now, one after the
    other, the most urgent first.

    `check_id` names the removal check that the visit belongs to (`visit` is then "check"). `more`: what comes after the
    first. The record's id is the host's lease: who takes it up has the host, unless the lease went to somebody else.
    """

    url: Url
    host: str
    visit: Visit
    due_at: AwareDatetime
    check_id: UUID | None = None
    more: tuple[DueVisit, ...] = ()


class ContentFound(Event, topic=CONTENT_FOUND, type="content.found.v1", key="host", owner="crawler"):
    """The crawler saw new or changed content. Most of it is harmless; the classifier decides.

    `audio`: addresses of sound on the page. `thread`: its posts, where they can be told apart. `rendered`: the text is
    what a browser showed after its scripts ran. `legal_ground`: why the site may be visited, as the registry says.
    `reports`: those that asked for this page; `reported_as`: the kinds of case that they said it is.
    """

    host: str
    finding: Finding
    text: Annotated[str, Field(max_length=MAX_TEXT)]
    capture: Capture
    authors: tuple[str, ...] = ()
    published_at: AwareDatetime | None = None
    videos: tuple[Video, ...] = ()
    audio: tuple[Url, ...] = ()
    thread: tuple[Post, ...] = ()
    rendered: bool = False
    legal_ground: str = ""
    reports: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()
    reported_as: Annotated[tuple[str, ...], Field(max_length=50)] = ()
