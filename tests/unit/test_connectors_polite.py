"""A connector asks its own host alone, also where that host redirects it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.crawler.connectors.polite import REDIRECTS, Polite
from services.crawler.frontier.pacing import Pacer
from services.crawler.registry.robots_rules import ALL_ALLOWED, Rules
from services.crawler.visits.asking import Asker
from shared.clock import SystemClock
from shared.failures import Rejected
from shared.net import Fetcher, NetSettings
from tests.support.connectors import HOST, watched
from tests.support.raw_server import RawServer, plain, raw_server

OTHER = "other.test"
PRIVATE = Rules([("/private", False)])


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RawServer]:
    (tmp_path / "hosts").write_text(f"127.78.0.1 {HOST} {OTHER}\n")
    async with raw_server() as made:
        yield made


@pytest.fixture
async def asker(server: RawServer, tmp_path: Path) -> AsyncIterator[Asker]:
    async with Fetcher(NetSettings(allowed_hosts_file=tmp_path / "hosts", fetch_timeout_s=3)) as fetcher:
        pacer = Pacer(SystemClock())
        for host in (HOST, OTHER):
            pacer.set_pace(host, 1_000)
        yield Asker(fetcher, pacer, SystemClock())


def to(url: str) -> bytes:
    return plain(b"", f"Location: {url}", status="302 Found")


def polite(asker: Asker, server: RawServer, rules: Rules = ALL_ALLOWED) -> Polite:
    return Polite(asker, watched("feed"), f"http://{HOST}:{server.port}/", rules)


async def test_a_redirect_on_the_own_host_is_followed(asker: Asker, server: RawServer) -> None:
    server.answers["/"], server.answers["/feed"] = to("/feed"), plain(b"here")
    ask = polite(asker, server)
    answer = await ask(ask.start_url)
    assert (answer.body, answer.final_url) == (b"here", f"{ask.start_url}feed")


async def test_a_redirect_to_another_host_is_not_followed(asker: Asker, server: RawServer) -> None:
    server.answers["/"], server.answers["/feed"] = to("/feed"), to(f"http://{OTHER}:{server.port}/feed")
    ask = polite(asker, server)
    with pytest.raises(Rejected, match=f"redirects to http://{OTHER}:.*/feed, another host: not followed"):
        await ask(ask.start_url)
    assert len(server.requests) == 2


async def test_a_redirect_to_what_robots_forbids_is_not_followed(asker: Asker, server: RawServer) -> None:
    server.answers["/"], server.answers["/private/feed"] = to("/private/feed"), plain(b"here")
    ask = polite(asker, server, PRIVATE)
    with pytest.raises(Rejected, match=r"robots\.txt asks us to stay away"):
        await ask(ask.start_url)
    assert len(server.requests) == 1


async def test_redirects_have_an_end(asker: Asker, server: RawServer) -> None:
    server.answers["/"] = to("/")
    ask = polite(asker, server)
    assert (await ask(ask.start_url)).status == 302
    assert len(server.requests) == REDIRECTS + 1
