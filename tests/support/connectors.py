"""A connector's reader over real HTTP to a peer on loopback: fetcher, guard, pace and picture box; no database."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from services.crawler.connectors.reader import Reader
from services.crawler.domain import PageKind
from services.crawler.frontier.pacing import Pacer
from services.crawler.pictures.picture_box import box
from services.crawler.registry.credentials import read_credentials
from services.crawler.registry.ways import Ways
from services.crawler.settings import Settings
from services.crawler.visit import Known, Visited, Watched
from services.crawler.visits.asking import Asker
from shared.clock import SystemClock
from shared.events import ContentFound, ConversationObserved
from shared.events.values import Site, SiteKind
from shared.net import Fetched, Fetcher
from shared.web import serving
from tests.support.service import T0

HOST = "peer.test"


def watched(connector: str, options: dict[str, Any] | None = None, **more: Any) -> Watched:
    site = Site(host=HOST, name="Peer", kind=SiteKind.CHAT, language="en")
    given = json.dumps(options) if options is not None else None
    return Watched(site, 1000.0, 300.0, True, connector=connector, options=given, **more)


def known(watched: Watched, url: str, cursor: str | None = None) -> Known:
    return Known(url, PageKind.START, T0, 0.0, None, None, None, 0, watched, cursor=cursor)


def answer(body: bytes | str, url: str = f"http://{HOST}/", status: int = 200, **headers: str) -> Fetched:
    """As it would have been fetched."""
    raw = body.encode() if isinstance(body, str) else body
    return Fetched(url, url, status, headers, raw, "127.0.0.1")


@dataclass
class Peer:
    reader: Reader
    port: int

    def url(self, path: str = "/") -> str:
        return f"http://{HOST}:{self.port}{path}"

    def begin(self, watched: Watched, path: str = "/") -> Known:
        return known(watched, self.url(path))

    async def visits(self, begun: Known, times: int) -> list[Visited]:
        """One after the other, each with what the frontier kept of the last."""
        made: list[Visited] = []
        for _ in range(times):
            made.append(await self.reader.read(begun))
            begun = after(made[-1])
        return made


def after(visited: Visited) -> Known:
    """What is known at the next visit."""
    cursor = visited.cursor if visited.cursor is not None else visited.known.cursor
    kept = {"etag": visited.etag, "last_modified": visited.last_modified, "failures": visited.failures}
    return replace(visited.known, cursor=cursor, **kept)


def posts(visited: Visited) -> list[ContentFound]:
    return [found for found in visited.found if isinstance(found, ContentFound)]


def conversations(visited: Visited) -> list[ConversationObserved]:
    return [found for found in visited.found if isinstance(found, ConversationObserved)]


@asynccontextmanager
async def reading(app: Any, folder: Path, credentials: str | None = None, **settings: Any) -> AsyncIterator[Peer]:
    """`credentials`: the text of a credentials file."""
    (folder / "hosts").write_text(f"127.0.0.1 {HOST}\n")
    if credentials:
        (folder / "credentials").write_text(credentials)
        (folder / "credentials").chmod(0o600)
    given = {"database_url": "unused", "kafka_bootstrap": "unused", "allowed_hosts_file": str(folder / "hosts")}
    made = Settings.model_validate(given | settings)
    clock, keys = SystemClock(), dict[str, bytes]()

    async def key_of(conversation: str) -> bytes:
        return keys.setdefault(conversation, bytes([len(keys)]) * 32)

    async with AsyncExitStack() as opened:
        port = await opened.enter_async_context(serving(app, "127.0.0.1", 0))
        fetcher = await opened.enter_async_context(Fetcher(made))
        ways = Ways(credentials=read_credentials(folder / "credentials" if credentials else None))
        asker = Asker(fetcher, Pacer(clock), clock, ways)
        pictures = await opened.enter_async_context(box(asker, made, clock))
        yield Peer(Reader(asker, pictures, clock, made.user_agent, key_of), port)
