"""The whole crawler among hostile servers: it goes on, goes nowhere that it must not, and names what each did."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from services.crawler.app import app
from services.crawler.registry.sites import import_sites, parse_sites
from services.crawler.settings import Settings
from shared.bus.memory import MemoryBroker
from shared.database import Database
from shared.events import ContentFound
from shared.events.envelope import decode
from tests.support.authority import Authority
from tests.support.dials import Dials, watching_dials
from tests.support.hostile import ADDRESS, Case, Hosts, hostile_hosts, http, page
from tests.support.hostile_http import http_cases
from tests.support.hostile_media import media_cases
from tests.support.hostile_pages import page_cases
from tests.support.hostile_private import FLIPS, NAMES, PUBLIC, Records, private_cases
from tests.support.hostile_tls import served, tls_hosts
from tests.support.name_server import name_server
from tests.support.pages import Trap, trap
from tests.support.poll import eventually
from tests.support.service import running
from tests.support.stack import Migrated

NOT_VISITED = sa.text("SELECT url FROM frontier WHERE url = ANY(:urls) AND visits = 0")
HURRY = {"fetch_timeout_s": 4.0, "slow_after_s": 1.0, "slow_bytes_per_s": 1_000.0, "max_pages_per_site": 60}
TLS = ("good", "expired", "self-signed", "wrong-name", "unknown-authority", "old", "is-plain", "half")


def table(port: int, trap_port: int) -> list[Case]:
    return [*http_cases(port), *page_cases(), *media_cases(), *private_cases(trap_port)]


NAMES_OF_CASES = [*(case.name for case in table(0, 0)), *(f"tls-{name}" for name in TLS)]


@dataclass
class Run:
    """What is known after all cases were visited."""

    cases: dict[str, Case]
    hosts: Hosts
    dials: Dials
    trap: Trap
    servers: set[tuple[str, int]]
    problems: dict[str, str] = field(default_factory=dict)  # by address
    found: dict[str, ContentFound] = field(default_factory=dict)
    pages: dict[str, int] = field(default_factory=dict)  # addresses remembered, by host

    def url(self, name: str) -> str:
        return self.cases[name].url(self.hosts.port)


@pytest.fixture(scope="module")
async def run(migrated_once: Migrated, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Run]:
    """All cases in one run of one crawler, and an ordinary host after them."""
    dsn = migrated_once.dsn_for("crawler")
    database = Database(dsn, "/haetae/crawler")
    yield await visit_all(tmp_path_factory.mktemp("hostile"), dsn, database)
    await database.close()


async def visit_all(home: Path, dsn: str, database: Database) -> Run:
    authority, broker, tls_home = Authority(home), MemoryBroker(), home / "nobody"
    tls_home.mkdir()
    async with AsyncExitStack() as stack:
        hosts = await stack.enter_async_context(hostile_hosts())
        caught = await stack.enter_async_context(trap())
        with_tls = await stack.enter_async_context(served(tls_hosts(authority, Authority(tls_home, "Nobody's"))))
        names = await stack.enter_async_context(name_server())
        names.records, names.failing = Records(NAMES), {"servfail.rebind.test"}
        dials = stack.enter_context(watching_dials({PUBLIC: (ADDRESS, hosts.port)}))
        ordinary = Case("ordinary", {"/": http(page())}, told=True)
        cases = {case.name: case for case in (*table(hosts.port, caught.port), *with_tls, ordinary)}
        hosts.cases |= {case.host: case for case in cases.values()} | {FLIPS: ordinary}
        ports = [hosts.port, *(urlsplit(case.start).port or 0 for case in with_tls)]
        servers = {(PUBLIC, 80), *((ADDRESS, port) for port in ports)}
        made = Run(cases, hosts, dials, caught, servers)
        async with running(app(settings(home, dsn, made, authority, names.at)), broker, database, drain_seconds=5):
            await visit(database, made, [name for name in cases if name != "ordinary"], 60)
            await visit(database, made, ["ordinary"], 20)
        await remember(database, broker, made)
    return made


def settings(home: Path, dsn: str, run: Run, authority: Authority, name_servers: str) -> Settings:
    hosts_file = home / "hosts"
    named = [case.host for case in run.cases.values() if urlsplit(run.url(case.name)).hostname == case.host]
    hosts_file.write_text("".join(f"{ADDRESS} {host}\n" for host in named))
    given = {"allowed_hosts_file": str(hosts_file), "ca_file": str(authority.file), "dns_servers": name_servers}
    return Settings.model_validate({"database_url": dsn, "kafka_bootstrap": "unused", **given, **HURRY})


async def visit(database: Database, run: Run, names: list[str], within_s: float) -> None:
    """Returns when each of these cases has been visited once, or was refused as a site."""
    lines = [json.dumps({"url": run.url(name), "name": name, "requests_per_second": 1_000}) for name in names]
    sites, refused = parse_sites(lines, "jsonl")
    for problem in refused:
        number, _, why = problem.removeprefix("line ").partition(": ")
        run.problems[run.url(names[int(number) - 1])] = f"refused: {why}"
    await import_sites(database, sites)

    async def all_visited() -> bool:
        async with database.transaction() as tx:
            left = await tx.execute(NOT_VISITED, {"urls": [site.start_url for site in sites]})
            return not left.scalars().all()

    await eventually(all_visited, within_s)


async def remember(database: Database, broker: MemoryBroker, run: Run) -> None:
    async with database.transaction() as tx:
        for row in await tx.execute(sa.text("SELECT url, host, problem FROM frontier")):
            run.problems[row.url] = row.problem or ""
            run.pages[row.host] = run.pages.get(row.host, 0) + 1
    for record in (record for log in broker.logs(ContentFound.topic.name) for record in log):
        event = decode(record.value, dict(record.headers)).event
        if isinstance(event, ContentFound):
            run.found[event.finding.url] = event


@pytest.mark.parametrize("name", NAMES_OF_CASES)
async def test_it_is_named(run: Run, name: str) -> None:
    case, problem = run.cases[name], run.problems[run.url(name)]
    assert re.fullmatch(f"({case.outcome})([ :).].*)?", problem), problem
    event = run.found.get(run.url(name))
    if case.told is not None:
        assert (event is not None) == case.told
    if event:
        assert case.says in event.text
        assert "\0" not in event.text + event.finding.title
        (event.text + event.finding.title).encode()  # no half of a letter
        assert case.pictures is None or len(event.finding.pictures) == case.pictures


async def test_it_goes_on(run: Run) -> None:
    """After all of them, an ordinary host is visited as ever."""
    assert run.url("ordinary") in run.found
    assert len(NAMES_OF_CASES) >= 165  # as the changelog says, about 170


async def test_it_asked_nothing_private(run: Run) -> None:
    assert run.trap.reached == []
    assert run.dials.outside == []
    assert set(run.dials.opened) <= run.servers
    tempted = [case.host for case in run.cases.values() if "-to-" in case.name]
    assert all(run.hosts.asked[host] for host in tempted)  # each had its chance
    assert len(tempted) >= 40


async def test_addresses_without_end_have_one(run: Run) -> None:
    for name in ("calendar", "sessions", "65-000-links"):
        assert 1 < run.pages[run.cases[name].host] <= HURRY["max_pages_per_site"]
