"""What a drawn page may use up, with its requests made at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from services.crawler.frontier.pacing import Pacer
from services.crawler.visits import page_requests
from services.crawler.visits.asking import Asker
from services.crawler.visits.budget import Budget, TooMuch
from services.crawler.visits.page_requests import PageRequests
from services.crawler.visits.scripts import Scripts
from shared.clock import SystemClock
from shared.net import Fetched, Fetcher, FetchFailed, NetSettings
from tests.support.raw_server import Answer, plain, raw_server

HOSTS = [f"{letter}.test" for letter in "abcdef"]
KIB = 1024


async def test_what_is_lent_cannot_be_lent_again() -> None:
    budget, second = Budget(9, total=100, each=60), asyncio.Event()

    async def also() -> int:
        async with budget.share() as share:
            second.set()
            return share.most

    async with budget.share() as first:
        waiting = asyncio.create_task(also())
        for _ in range(5):
            await asyncio.sleep(0)
        assert (first.most, second.is_set()) == (60, False)
        first.used = 50
    assert await waiting == 50


async def test_what_was_not_used_is_given_back_also_after_a_failure() -> None:
    budget = Budget(9, total=100, each=100)
    for _ in range(3):
        with pytest.raises(OSError, match="away"):
            async with budget.share() as share:
                raise OSError("away")
    async with budget.share() as share:
        share.used = share.most
    with pytest.raises(TooMuch, match="more than 9 requests or 100 bytes"):
        async with budget.share():
            pass
    assert budget.made == 4


async def drawn(folder: Path, answer: Answer) -> list[object]:
    """What a page gets that asks six hosts at once: answers and failures."""
    (folder / "hosts").write_text(f"127.78.0.1 {' '.join(HOSTS)}\n")
    settings = NetSettings(allowed_hosts_file=folder / "hosts", fetch_timeout_s=3)
    async with raw_server() as server, Fetcher(settings) as fetcher:
        server.answers["/"] = answer
        pacer, clock = Pacer(SystemClock()), SystemClock()
        for host in HOSTS:
            pacer.set_pace(host, 1_000)
        requests = PageRequests(Asker(fetcher, pacer, clock), Scripts(clock), HOSTS[0], None, "Haetae/0.1", False)
        asks = (requests.answer(f"http://{host}:{server.port}/", {}, "fetch") for host in HOSTS)
        return list(await asyncio.gather(*asks, return_exceptions=True))


async def test_bytes_are_counted_over_requests_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_requests, "MAX_BYTES", 100 * KIB)
    monkeypatch.setattr(page_requests, "MAX_EACH", 50 * KIB)
    got = await drawn(tmp_path, plain(bytes(40 * KIB)))
    assert [len(answer.body) for answer in got if isinstance(answer, Fetched)] == [40 * KIB] * 2


async def test_what_almost_came_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_requests, "MAX_BYTES", 100 * KIB)
    monkeypatch.setattr(page_requests, "MAX_EACH", 50 * KIB)

    async def broken(writer: asyncio.StreamWriter) -> None:
        writer.write(plain(bytes(50 * KIB))[:-1])
        writer.close()

    got = await drawn(tmp_path, broken)
    assert sorted(type(failure).__name__ for failure in got) == [FetchFailed.__name__] * 2 + [TooMuch.__name__] * 4
