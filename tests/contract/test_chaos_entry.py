"""A service that runs through `chaos.entry` has the clock that it is told, and dies at the point that it is told."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from chaos.entry import Told, mortal
from chaos.schedule import POINTS
from shared.bus.kafka import KafkaBroker
from shared.bus.kafka_member import KafkaMember
from shared.bus.port import Partition, Record
from shared.clock import SystemClock
from shared.database import Database
from tests.support.kafka_at import KafkaAt
from tests.support.poll import eventually

TOPIC = "content.found"
PATCHED = (
    (SystemClock, "now"), (Database, "__init__"), (Database, "transaction"), (KafkaBroker, "produce"),
    (KafkaMember, "commit"),
)  # fmt: skip


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which `crawler` is told; everything is as before when the test has ended."""
    for owner, name in PATCHED:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    mortal(Told(tmp_path, "crawler"))
    return tmp_path


def test_the_clock_is_wrong_by_what_it_is_told(told: Path) -> None:
    for shift in (120.0, -120.0):
        (told / "crawler.clock").write_text(f"{shift:+.0f}")
        assert abs(SystemClock().now() - datetime.now(UTC) - timedelta(seconds=shift)) < timedelta(seconds=60)
    (told / "crawler.clock").unlink()
    assert abs(SystemClock().now() - datetime.now(UTC)) < timedelta(seconds=60)


async def test_it_dies_once_at_each_point_when_it_comes_by(
    told: Path, monkeypatch: pytest.MonkeyPatch, kafka_at: KafkaAt | None, postgres_url: str
) -> None:
    if kafka_at is None:
        pytest.skip("the twin in memory is nobody's service")
    deaths: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: deaths.append((pid, number)))
    database, broker = Database(postgres_url, "/test"), kafka_at.broker()
    await broker.ensure_topics({TOPIC: 1})

    async def nothing(_: object) -> None:
        """Nothing is held."""

    async with broker.join("group", [TOPIC], instance="crawler-0", on_revoked=nothing) as member:

        async def joined() -> bool:
            await member.poll(1, 0.2)
            return bool(member.assignment())

        await eventually(joined)
        for point in POINTS:
            (told / "crawler.die").write_text(point)
            for _ in range(2):
                async with database.transaction() as tx:
                    await tx.execute(sa.text("SELECT 1"))
                await broker.produce([Record(TOPIC, b"k", b"{}", {})])
                await member.commit({Partition(TOPIC, 0): 0})
            assert deaths == [(os.getpid(), signal.SIGKILL)], point
            deaths.clear()
    await database.close()
    await broker.close()
