"""The crawler in this process, on a real database, watching the sandbox; the broker is the twin in memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from sandbox import Sandbox
from services.crawler.app import app
from services.crawler.registry.sites import import_sites, parse_sites
from services.crawler.settings import Settings
from shared.bus.memory import MemoryBroker
from shared.database import Database
from shared.events import ContentChecked, ContentFound, Event
from shared.events.envelope import decode
from tests.support.service import running
from tests.support.stack import Migrated

E = TypeVar("E", bound=Event)


@dataclass
class Crawl:
    sandbox: Sandbox
    broker: MemoryBroker
    database: Database
    dsn: str

    def settings(self, **more: object) -> Settings:
        hosts = {"allowed_hosts_file": str(self.sandbox.home / "hosts")}
        quick = {"check_again_seconds": 0.2}
        return Settings.model_validate(
            {"database_url": self.dsn, "kafka_bootstrap": "unused", **hosts, **quick, **more}
        )

    @asynccontextmanager
    async def service(self, **more: object) -> AsyncIterator[None]:
        async with running(app(self.settings(**more)), self.broker, self.database, drain_seconds=5):
            yield

    async def watch(self, pace: float = 200.0, revisit_s: float = 1.0, host: str | None = None) -> None:
        """Import the sandbox's sites (or one), at another pace than the polite one."""
        sites, problems = parse_sites((self.sandbox.home / "sites.csv").read_text().splitlines(), "csv")
        assert not problems
        chosen = [site for site in sites if host in (None, site.host)]
        hurried = [replace(site, requests_per_second=pace, revisit_seconds=revisit_s) for site in chosen]
        await import_sites(self.database, hurried)

    def told(self, kind: type[E]) -> list[E]:
        records = [record for log in self.broker.logs(kind.topic.name) for record in log]
        events = [decode(record.value, dict(record.headers)).event for record in records]
        return [event for event in events if isinstance(event, kind)]

    @property
    def found(self) -> list[ContentFound]:
        return self.told(ContentFound)

    @property
    def checked(self) -> list[ContentChecked]:
        return self.told(ContentChecked)

    def all_found(self, urls: set[str]) -> Callable[[], bool]:
        return lambda: urls <= {event.finding.url for event in self.found}

    def truth(self) -> list[dict[str, object]]:
        """The rows of what is there now and must be found."""
        rows = json.loads(json.dumps(self.sandbox.truth.as_json()))["posts"]
        return [row for row in rows if row["status"] == "up"]


@asynccontextmanager
async def crawling(migrated: Migrated, home: Path, **options: object) -> AsyncIterator[Crawl]:
    dsn = migrated.dsn_for("crawler")
    database = Database(dsn, "/haetae/crawler")
    try:
        async with Sandbox(home, **options) as sandbox:
            yield Crawl(sandbox, MemoryBroker(), database, dsn)
    finally:
        await database.close()
