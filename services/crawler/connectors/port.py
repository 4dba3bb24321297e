"""What a connector is: it reads what is no web page, and hands over posts and conversations. See docs/connectors.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from shared.events import LawfulBasis
from shared.events.values import Site
from shared.net import Fetched

MAX_CURSOR = 4096  # characters: it is read and written with every visit


class Options(BaseModel):
    """Base of what a connector can be told. A field's description is the cure that a wrong value is answered with."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Basis:
    """Why a conversation may be read, with what shows it. `until`: the end of a consent or an authorisation."""

    kind: LawfulBasis
    proof: str
    until: datetime | None = None


@dataclass(frozen=True)
class Source:
    """What is read, and how far it has been read.

    `start_url`: canonical. `options`: an instance of the connector's own model. `basis`: what the site's entry allows
    to read, None for posts in public; `unlawful`: why, where a basis was named that does not hold. `cursor`: as the
    connector gave it last; None at first. `validators`: request headers by which the answer of `Harvest.begins` comes
    again only if it changed. `wants_media`: whether bytes of pictures and videos are of any use.
    """

    site: Site
    start_url: str
    options: Any
    basis: Basis | None
    cursor: str | None
    now: datetime
    unlawful: str | None = None
    validators: Mapping[str, str] = field(default_factory=dict)
    wants_media: bool = True


@dataclass(frozen=True)
class Media:
    """A picture or a video. `url`: its public address. `body`: its bytes where that address does not give them."""

    url: str
    body: bytes | None = None


@dataclass(frozen=True)
class Post:
    """Something said in public. `url`: where everybody can see it, canonical; the same for ever. `site`: whose it is,
    when not the source's."""

    url: str
    text: str
    title: str = ""
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    language: str | None = None
    pictures: tuple[Media, ...] = ()
    videos: tuple[Media, ...] = ()
    audio: tuple[str, ...] = ()
    site: Site | None = None


@dataclass(frozen=True)
class Said:
    """A message. `speaker` is whatever names the person in the source: it leaves the crawler as a pseudonym only."""

    turn_id: str
    speaker: str
    said_at: datetime
    text: str


@dataclass(frozen=True)
class Conversation:
    """New messages of a room in the room's own order. `name`: unique in the world and the same for ever."""

    name: str
    basis: Basis
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Harvest:
    """What one visit brought. `answer`: what the posts were in. `begins`: its ETag is kept for `Source.validators`.

    `cursor`: how far the source has been read, kept in the transaction that follows what was told; a crash before it
    reads the same again. `after_s`: when to come again; None as the site's entry says. `missing`: media that could not
    be had now: the visit is repeated a few times before that is accepted. `problem`: what was left out, and why.
    """

    answer: Fetched | None = None
    posts: tuple[Post, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    cursor: str | None = None
    after_s: float | None = None
    missing: int = 0
    begins: bool = False
    problem: str | None = None


class Ask(Protocol):
    """GET on the source's own host, in the host's turn, over the guard, with the site's exit and credential.

    `{token}` in the address is replaced by the credential's token, which no connector ever sees. Gives whatever status
    came. Raises `Failure` without a secret in its words; `Rejected` for an address of another host.
    """

    async def __call__(
        self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int | None = None
    ) -> Fetched: ...


class Connector(Protocol):
    """`options`: what it can be told. `is_api`: it is made for programs and entered with a key of ours, so robots.txt,
    which speaks to crawlers of pages, is not asked.

    `read` raises `Rejected` for what will not change by itself and `Transient` for what may (`after_s`: when the other
    side wants to be asked again). Whatever else it raises is recorded with the site as a bug.
    """

    @property
    def options(self) -> type[Options]: ...

    @property
    def is_api(self) -> bool: ...

    async def read(self, source: Source, ask: Ask) -> Harvest: ...
