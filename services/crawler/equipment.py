"""What a process visits with: connections, pictures, readers, and one visit made with them."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from secrets import token_hex
from types import TracebackType
from typing import Self

import structlog

from services.crawler.connectors.pseudonyms import key_of as key_of_conversation
from services.crawler.connectors.reader import Reader
from services.crawler.domain import PageKind
from services.crawler.frontier.in_hand import Done, Job, key_of
from services.crawler.frontier.loading import digest_of
from services.crawler.frontier.outcomes import not_handled
from services.crawler.frontier.pacing import NotNow, Pacer
from services.crawler.pages.page_reader import PageReader
from services.crawler.pictures.picture_box import box
from services.crawler.registry.credentials import read_credentials
from services.crawler.registry.robots import Robots
from services.crawler.registry.robots_store import KeptRobots
from services.crawler.registry.ways import Ways
from services.crawler.removals.checking import Checker
from services.crawler.removals.vantage import Vantage
from services.crawler.removals.viewing import Tools
from services.crawler.settings import Settings
from services.crawler.visit import Check, Known, Visited
from services.crawler.visits.absence import Absence
from services.crawler.visits.asking import Asker
from services.crawler.visits.describing import Describer
from services.crawler.visits.rendering import Renderer
from services.crawler.visits.sight import Sight
from services.crawler.visits.visiting import Unseen, Visitor
from shared.browser import Chromium
from shared.clock import Clock
from shared.database import Database
from shared.net import Fetcher
from shared.net.exits import read_exits

log = structlog.get_logger(__name__)

LOOK_UPS_AT_ONCE = 2  # of the eight connections


class Equipment:
    """A resource."""

    def __init__(
        self, settings: Settings, database: Database, clock: Clock, pacer: Pacer, unseen: Unseen = list
    ) -> None:
        self._settings, self._database, self._clock, self._pacer = settings, database, clock, pacer
        self._unseen = unseen
        self._open = AsyncExitStack()
        self._look_ups = asyncio.Semaphore(LOOK_UPS_AT_ONCE)

    async def __aenter__(self) -> Self:
        settings = self._settings
        fetcher = await self._open.enter_async_context(Fetcher(settings))
        exits = read_exits(settings.exits_file)
        if settings.check_exit is not None and settings.check_exit not in exits:
            raise ValueError(
                f"HAETAE_CHECK_EXIT: {settings.check_exit!r} is no line of HAETAE_EXITS_FILE; add it there"
            )
        ways = Ways(exits, read_credentials(settings.credentials_file))
        robots = Robots(KeptRobots(self._database, self._clock), self._clock)
        asker = Asker(fetcher, self._pacer, self._clock, ways, robots, most=settings.most_requests)
        pictures = await self._open.enter_async_context(box(asker, settings, self._clock))
        agent = settings.user_agent
        renderer = Renderer(asker, Chromium(settings.chromium, settings.renderers), settings.renderers, self._clock)
        await self._open.enter_async_context(renderer)
        pages = await self._open.enter_async_context(PageReader())
        sight = Sight(pages, renderer, Absence(asker, pages, self._clock, token_hex), agent)
        describer = Describer(pictures, self._clock, agent, self._digest_of)
        self._visitor = Visitor(asker, sight, describer, self._clock, self._unseen)
        self._connectors = Reader(
            asker, pictures, self._clock, agent, self._key_of, settings.connector_mappings, settings.fetch_media
        )
        tools = Tools(pages, pictures, renderer, settings.max_picture_bytes, settings.max_video_bytes)
        other = Vantage("browser", settings.browser_user_agent, settings.check_exit, draws=True)
        apart = timedelta(seconds=settings.check_again_seconds)
        self._checker = Checker(asker, tools, (Vantage("honest", agent), other), self._clock, apart)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def work(self, job: Job) -> Done:
        """A bug of ours is an answer too: whoever waits for it must not wait for ever. Raises `NotNow`."""
        try:
            return await (self._checker.check(job) if isinstance(job, Check) else self._visit(job))
        except NotNow:
            raise
        except Exception as bug:
            log.exception("our code could not handle it", key=key_of(job))
            return not_handled(job, bug, self._clock.now())

    async def _visit(self, known: Known) -> Visited:
        """A site that a connector reads begins where its interface is; its other addresses are pages, and so is what
        somebody reported."""
        if known.watched.connector and known.kind is PageKind.START and not known.reports:
            return await self._connectors.read(known)
        return await self._visitor.visit(known)

    async def _key_of(self, conversation: str) -> bytes:
        async with self._look_ups, self._database.transaction() as tx:
            return await key_of_conversation(tx, conversation)

    async def _digest_of(self, url: str) -> str | None:
        async with self._look_ups, self._database.transaction() as tx:
            return await digest_of(tx, url)
