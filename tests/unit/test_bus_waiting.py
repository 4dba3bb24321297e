"""A service that waits for its broker: alive, and without a trace of the attempts."""

from __future__ import annotations

import asyncio
import gc

import pytest
from aiokafka import AIOKafkaProducer

from shared.bus.kafka import KafkaBroker
from shared.bus.memory import MemoryBroker
from shared.bus.runner import GroupRunner
from shared.clock import ManualClock
from shared.failures import Transient
from shared.metrics import Metrics


async def test_a_producer_that_never_got_an_answer_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.bus.kafka.READY_SECONDS", 0.2)
    others = open_producers()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        broker = KafkaBroker(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(Transient, match="does not answer"):
            await broker.ready()
        assert open_producers() <= others
        await broker.close()


def open_producers() -> set[AIOKafkaProducer]:
    return {one for one in gc.get_objects() if type(one) is AIOKafkaProducer and not one._closed}


async def test_a_member_that_had_to_wait_before_it_began_counts_as_alive() -> None:
    clock, stop = ManualClock(), asyncio.Event()
    made = {"chunk": 1, "instance": "1", "drain_s": 1, "clock": clock, "metrics": Metrics()}
    runner = GroupRunner(NobodyJoins(), "g", ["t"], None, **made)  # type: ignore[arg-type]
    clock.advance(3600)
    running = asyncio.create_task(runner.run(stop))
    await asyncio.sleep(0)
    assert runner.turned_at == clock.monotonic()
    running.cancel()
    await asyncio.wait({running})


class NobodyJoins(MemoryBroker):
    def join(self, *_: object, **__: object):  # type: ignore[no-untyped-def]
        return Waiting()


class Waiting:
    async def __aenter__(self) -> None:
        await asyncio.Event().wait()

    async def __aexit__(self, *_: object) -> None:
        """Never reached."""
