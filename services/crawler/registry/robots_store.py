"""What is kept of robots.txt, and how often it was overridden: what the agency answers with when a site asks."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
import structlog

from services.crawler.registry.together import Together
from services.crawler.store import RobotsRow
from shared.clock import Clock
from shared.database import Database
from shared.failures import Transient

log = structlog.get_logger(__name__)

MAX_TEXT = 64 * 1024  # characters kept; a longer one is asked for again after a restart


@dataclass(frozen=True)
class Asked:
    """What came of asking an origin for its robots.txt at `asked_at`.

    `status`: of the answer, None when none came. `decision`: a sentence for people. `fetched_at`, `sha256`, `text` (as
    `robots_rules.robots_text`), `cut` (there is more than is kept), `delay_s`: the copy that this brought; without
    `fetched_at` it brought none, and the one before stays.
    """

    origin: str
    host: str
    asked_at: datetime
    status: int | None
    decision: str
    legal_ground: str
    fetched_at: datetime | None = None
    sha256: str | None = None
    text: str = ""
    cut: bool = False
    delay_s: float = 0.0


class RobotsStore(Protocol):
    async def load(self, origin: str) -> Asked | None: ...

    async def keep(self, asked: Asked) -> None: ...

    async def overridden(self, host: str, url: str, legal_ground: str) -> None:
        """Called before the visit: what cannot be written down (`Transient`) is not done."""
        ...


NAMES = tuple(field.name for field in fields(Asked))
COPY = ("fetched_at", "sha256", "text", "cut", "delay_s")
LATEST = ", ".join(f"{name} = excluded.{name}" for name in NAMES if name not in ("origin", *COPY))
LAST_COPY = ", ".join(
    f"CASE WHEN excluded.fetched_at IS NULL THEN kept.{name} ELSE excluded.{name} END" for name in COPY
)
KEEP = sa.text(f"""
    INSERT INTO robots AS kept ({", ".join(NAMES)})
    SELECT {", ".join(NAMES)} FROM jsonb_to_recordset(CAST(:asked AS jsonb)) AS given (
        origin text, host text, asked_at timestamptz, status integer, decision text, legal_ground text,
        fetched_at timestamptz, sha256 text, text text, cut boolean, delay_s float
    ) ORDER BY origin
    ON CONFLICT (origin) DO UPDATE SET {LATEST}, ({", ".join(COPY)}) = ROW ({LAST_COPY})
""")  # noqa: S608  # our own words

# The sum first: one statement cannot touch a row twice.
COUNT = sa.text("""
    INSERT INTO robots_overrides (host, legal_ground, visits, first_at, last_at, last_url)
    SELECT host, legal_ground, count(*), :now, :now, (array_agg(url))[CAST(count(*) AS integer)]
    FROM unnest(CAST(:hosts AS text[]), CAST(:grounds AS text[]), CAST(:urls AS text[]))
        AS given (host, legal_ground, url)
    GROUP BY host, legal_ground ORDER BY host, legal_ground
    ON CONFLICT (host, legal_ground) DO UPDATE SET visits = robots_overrides.visits + excluded.visits,
        last_at = excluded.last_at, last_url = excluded.last_url
""")


class KeptRobots:
    """In the database. What many visits read and write at the same time goes there together."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._load = Together(self._load_all)
        self._keep = Together(self._keep_all)
        self._count = Together(self._count_all)

    async def load(self, origin: str) -> Asked | None:
        """None also while the database is not ready: then the site is asked."""
        try:
            return await self._load(origin)
        except Transient as failure:
            log.warning("what is kept of robots.txt cannot be read", origin=origin, why=str(failure))
            return None

    async def keep(self, asked: Asked) -> None:
        """While the database is not ready it is in memory alone."""
        try:
            await self._keep(asked)
        except Transient as failure:
            log.warning("robots.txt cannot be written down", origin=asked.origin, why=str(failure))

    async def overridden(self, host: str, url: str, legal_ground: str) -> None:
        await self._count((host, url, legal_ground))

    async def _load_all(self, origins: Sequence[str]) -> Sequence[Asked | None]:
        async with self._database.transaction() as tx:
            rows = await tx.scalars(sa.select(RobotsRow).where(RobotsRow.origin.in_(origins)))
        kept = {row.origin: Asked(**{name: getattr(row, name) for name in NAMES}) for row in rows}
        return [kept.get(origin) for origin in origins]

    async def _keep_all(self, asked: Sequence[Asked]) -> Sequence[None]:
        last = {one.origin: asdict(one) for one in asked}  # one statement cannot touch a row twice
        given = json.dumps(list(last.values()), default=datetime.isoformat)
        async with self._database.transaction() as tx:
            await tx.execute(KEEP, {"asked": given})
        return [None] * len(asked)

    async def _count_all(self, overrides: Sequence[tuple[str, str, str]]) -> Sequence[None]:
        hosts, urls, grounds = (list(values) for values in zip(*overrides, strict=True))
        given = {"hosts": hosts, "urls": urls, "grounds": grounds, "now": self._clock.now()}
        async with self._database.transaction() as tx:
            await tx.execute(COUNT, given)
        return [None] * len(overrides)


class NothingKept:
    """For a process without a database: nothing outlives it, and nothing can be overridden."""

    async def load(self, origin: str) -> Asked | None:
        return None

    async def keep(self, asked: Asked) -> None:
        return

    async def overridden(self, host: str, url: str, legal_ground: str) -> None:
        raise Transient(f"{url}: robots.txt forbids it, and there is no database to write down that it is visited")
