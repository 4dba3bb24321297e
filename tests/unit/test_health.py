"""The ops port's answers."""

from __future__ import annotations

import httpx
import pytest

from shared.clock import ManualClock
from shared.failures import Transient
from shared.health import LIVE_SECONDS, REMEMBER_SECONDS, Health
from shared.metrics import Metrics


class Watched:
    """A service with one check and one poll loop."""

    def __init__(self) -> None:
        self.clock, self.asked, self.turned = ManualClock(), 0, 0.0
        self.error: Exception | None = None
        health = Health(self.clock, Metrics(), {"broker": self.check}, lambda: {"case": self.turned}, self.refresh)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(health.app), base_url="http://ops.test")

    async def check(self) -> None:
        self.asked += 1
        if self.error:
            raise self.error

    async def refresh(self) -> None:
        return

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)


@pytest.fixture
def watched() -> Watched:
    return Watched()


async def test_it_lives_as_long_as_its_loop_turns(watched: Watched) -> None:
    watched.clock.advance(LIVE_SECONDS)
    assert (await watched.get("/livez")).status_code == 200
    watched.clock.advance(1)
    answer = await watched.get("/livez")
    assert (answer.status_code, answer.json()) == (503, {"errors": {"case": "last turned 61 s ago"}})
    watched.turned = watched.clock.monotonic()
    assert (await watched.get("/livez")).status_code == 200


async def test_it_is_ready_when_all_it_needs_answers_and_else_names_what_does_not(watched: Watched) -> None:
    assert (await watched.get("/readyz")).status_code == 200
    watched.error = Transient("no answer")
    watched.clock.advance(REMEMBER_SECONDS + 0.1)
    answer = await watched.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"errors": {"broker": "Transient: no answer"}})


async def test_many_probes_are_one_question(watched: Watched) -> None:
    for _ in range(5):
        await watched.get("/readyz")
    assert watched.asked == 1
