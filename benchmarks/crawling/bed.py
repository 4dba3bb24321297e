"""PostgreSQL and the broker for our crawler, and the crawler itself as a process, each on its core."""

import asyncio
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from benchmarks.web.corpus import Corpus
from deploy.local.access import grant_logins, libpq_url
from deploy.local.stack import Stack
from migrations.runner import upgrade
from services.crawler.registry.sites import import_sites, parse_sites
from shared.database import Database

SERVICE = "crawler"
START_S = 60.0


@dataclass(frozen=True)
class Bed:
    stack: Stack
    home: Path

    @property
    def owner(self) -> str:
        return libpq_url(self.stack.env["HAETAE_DATABASE_URL"])

    def empty(self) -> None:
        """No site, no address: as on the first day."""
        with psycopg.connect(self.owner, autocommit=True) as connection:
            rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [SERVICE]).fetchall()
            names = sql.SQL(", ").join(sql.Identifier(SERVICE, name) for (name,) in rows)
            connection.execute(sql.SQL("TRUNCATE {}").format(names))

    def scalar(self, query: LiteralString) -> int:
        with psycopg.connect(self.owner, options=f"-c search_path={SERVICE}") as connection:
            row = connection.execute(query).fetchone()
            return int(row[0]) if row else 0

    def all_visited(self) -> bool:
        """Every address that is known."""
        return self.scalar("SELECT count(*) FROM frontier WHERE visits = 0") == 0

    def run(self, statement: LiteralString) -> None:
        with psycopg.connect(self.owner, autocommit=True, options=f"-c search_path={SERVICE}") as connection:
            connection.execute(statement)

    def copy(self, table: str, columns: Iterable[str], rows: Iterable[tuple[object, ...]]) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(SERVICE, table), names)
        with psycopg.connect(self.owner, autocommit=True) as connection:
            with connection.cursor().copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
            connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(SERVICE, table)))

    async def watch(self, corpus: Corpus, hosts: range, *, per_second: float, robots: bool) -> None:
        """Enter the hosts as sites; from now on there is something to crawl."""
        lines = [
            json.dumps(
                {
                    "url": corpus.web.url(host, 0),
                    "name": f"Corpus {host}",
                    "requests_per_second": per_second,
                    "revisit_seconds": 1_000_000,
                    "obey_robots": "yes" if robots else "no",
                    "legal_ground": "public" if robots else "operator_consent",
                }
            )
            for host in hosts
        ]
        sites, problems = parse_sites(lines, "jsonl")
        if problems:
            raise SystemExit(f"the corpus's sites are not taken: {problems[0]}")
        database = Database(self.stack.service_env(SERVICE)["HAETAE_DATABASE_URL"], f"/haetae/{SERVICE}")
        await import_sites(database, sites)
        await database.close()

    @asynccontextmanager
    async def crawler(self, corpus: Corpus, core: int, **settings: str) -> AsyncIterator[int]:
        """The service as it is run, on that core, its topics fresh; its pid. It is killed at the end."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("HAETAE_")}
        env |= self.stack.service_env(SERVICE)
        env |= {"HAETAE_ALLOWED_HOSTS_FILE": str(corpus.hosts_file), "HAETAE_TOPIC_PREFIX": secrets.token_hex(4) + "."}
        log = self.home / f"crawler-{secrets.token_hex(3)}.log"
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.crawler", env={**env, **settings}, stdout=out, stderr=out,
                preexec_fn=partial(os.sched_setaffinity, 0, {core}), start_new_session=True,
            )  # fmt: skip
        try:
            await _runs(process, log)
            yield process.pid
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _runs(process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(START_S):
        while b'"event": "runs"' not in (said := log.read_bytes()):
            if process.returncode is not None:
                raise SystemExit(f"the crawler did not start:\n{said.decode()[-2000:]}")
            await asyncio.sleep(0.05)


@asynccontextmanager
async def bed(home: Path, core: int) -> AsyncIterator[Bed]:
    """On that core, this process too; its data may be lost with the machine."""
    os.sched_setaffinity(0, {core})
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=home))
    try:
        async with Stack(
            folder / "stack", parts=("postgres", "kafka"), kafka_store="memory", scratch=True, environ={}
        ) as stack:
            owner = stack.env["HAETAE_DATABASE_URL"]
            await asyncio.to_thread(upgrade, owner)
            await asyncio.to_thread(grant_logins, owner, stack.role_passwords)
            yield Bed(stack, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
