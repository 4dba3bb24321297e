"""A service as a process, on real PostgreSQL and a real broker: settings, signals, exit status, ops port, logs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.bus.kafka import KafkaBroker
from shared.bus.port import Record
from tests.support.poll import eventually
from tests.support.service import case_changed, record
from tests.support.stack import Migrated

PROJECT = Path(__file__).resolve().parents[2]
NOWHERE = "127.0.0.1:1"
NO_HAETAE = {name: value for name, value in os.environ.items() if not name.startswith("HAETAE_")}


class Process:
    def __init__(self, running: asyncio.subprocess.Process) -> None:
        self.running = running
        self.lines: list[dict[str, Any]] = []
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.running.stdout
        async for line in self.running.stdout:
            self.lines.append(json.loads(line))

    def said(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    async def get(self, path: str) -> httpx.Response:
        await eventually(lambda: self.said("starts"))
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(f"http://127.0.0.1:{self.said('starts')[0]['ops_port']}{path}")

    async def ends(self) -> int:
        async with asyncio.timeout(30):
            status = await self.running.wait()
            await self.reading
        return status


@pytest.fixture
def env(migrated: Migrated, kafka_bootstrap: str, topic_prefix: str) -> dict[str, str]:
    return {
        "HAETAE_DATABASE_URL": migrated.dsn_for("gateway"),
        "HAETAE_KAFKA_BOOTSTRAP": kafka_bootstrap,
        "HAETAE_KAFKA_IDEMPOTENCE": "0",
        "HAETAE_TOPIC_PREFIX": topic_prefix,
        "HAETAE_DEAD_LETTER_LIMIT": "2",
    }


@pytest.fixture
async def broker(kafka_bootstrap: str, topic_prefix: str) -> AsyncIterator[KafkaBroker]:
    broker = KafkaBroker(kafka_bootstrap, topic_prefix, idempotence=False)
    await broker.ensure_topics({"case.events": 1})
    yield broker
    await broker.close()


@asynccontextmanager
async def started(env: dict[str, str], **more: str) -> AsyncIterator[Process]:
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.gateway_stub",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**NO_HAETAE, **env, **more}, cwd=PROJECT,
    )  # fmt: skip
    process = Process(running)
    try:
        yield process
    finally:
        if running.returncode is None:
            running.kill()
        await process.ends()


async def test_it_works_says_how_it_is_and_stops_gracefully(env: dict[str, str], broker: KafkaBroker) -> None:
    async with started(env) as process:

        async def both_handled() -> bool:
            return 'records_handled_total{topic="case.events"} 2.0' in (await process.get("/metrics")).text

        await broker.produce([record(case_changed(1, 1)), record(case_changed(1, 2))])
        await eventually(both_handled, 30)
        assert (await process.get("/livez")).status_code == (await process.get("/readyz")).status_code == 200
        metrics = (await process.get("/metrics")).text
        process.running.send_signal(signal.SIGTERM)
        assert await process.ends() == 0
    assert 'haetae_lag{partition="0",topic="case.events"} 0.0' in metrics
    assert "haetae_outbox_waiting 0.0" in metrics
    assert 'haetae_records_dead_total{topic="case.events"} 0.0' in metrics  # else the first one would be no increase
    assert 'haetae_loop_idle_seconds{loop="outbox relay"} 0.' in metrics
    noted = process.said("noted")[0]
    assert noted["case_id"] == str(case_changed(1, 1).case_id)
    assert len(noted["trace_id"]) == 32
    assert (noted["service"], noted["instance"], noted["password"]) == ("__main__", "0", "***")


async def test_without_settings_it_names_the_variable_and_the_cure(env: dict[str, str]) -> None:
    del env["HAETAE_KAFKA_BOOTSTRAP"]
    async with started(env, HAETAE_GREETING="x", HAETAE_DRAIN_SECONDS="soon") as process:
        assert process.running.stderr
        told = (await process.running.stderr.read()).decode()
        assert await process.ends() == 1
    assert "HAETAE_KAFKA_BOOTSTRAP is not set" in told
    assert "HAETAE_GREETING is wrong: String should have at least 2 characters (What it says)" in told
    assert "HAETAE_DRAIN_SECONDS is wrong" in told
    assert env["HAETAE_DATABASE_URL"] not in told


async def test_it_waits_for_what_it_needs_and_says_for_what(env: dict[str, str]) -> None:
    async with started(env, HAETAE_KAFKA_BOOTSTRAP=NOWHERE) as process:
        await eventually(lambda: process.said("waits"), 30)
        ready = await process.get("/readyz")
        process.running.send_signal(signal.SIGTERM)
        assert await process.ends() == 0
    assert process.said("waits")[0]["waits_for"] == "the broker"
    assert ready.status_code == 503
    assert set(ready.json()["errors"]) == {"broker", "start"}


async def test_a_second_signal_ends_it_at_once(env: dict[str, str], broker: KafkaBroker) -> None:
    hang = case_changed(1, 1).model_copy(update={"state": "hang"})
    await broker.produce([record(hang)])
    async with started(env, HAETAE_DRAIN_SECONDS="600") as process:
        await eventually(lambda: process.said("noted"), 30)
        process.running.send_signal(signal.SIGTERM)
        await eventually(lambda: process.said("stops: finishes what it has in hand"))
        process.running.send_signal(signal.SIGTERM)
        assert await process.ends() == 1


async def test_too_many_dead_letters_end_it_with_status_1_and_the_reason(
    env: dict[str, str], broker: KafkaBroker
) -> None:
    await broker.produce([Record("case.events", b"k", b"?") for _ in range(3)])
    async with started(env) as process:
        assert await process.ends() == 1
    assert "2 records went to the dead letters within 300 s" in process.said("the service ended")[0]["exception"]
