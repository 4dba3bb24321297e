"""Reads the letters of a broker, puts them back, gives them up."""

import difflib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from deploy.local.home import read_env
from shared.bus.dead_letters import DEAD_SUFFIX
from shared.bus.kafka import KafkaBroker
from shared.bus.kafka_settings import KafkaSettings
from shared.bus.letters import End, Letter, folded
from shared.bus.port import Received
from shared.clock import Clock, SystemClock
from shared.events import TOPICS
from shared.failures import Transient

KNOWN = [topic.name for topic in TOPICS]
BOOTSTRAP = "HAETAE_KAFKA_BOOTSTRAP"


class Desk:
    def __init__(self, broker: KafkaBroker, settings: KafkaSettings, clock: Clock | None = None) -> None:
        self._broker, self._settings, self._clock = broker, settings, clock or SystemClock()

    async def letters(self, topic: str | None = None) -> list[Letter]:
        """Of one topic or of all, in the order in which they were parked in each. Raises `ValueError` for a topic that
        neither we nor the broker know."""
        there = [name for name in await self._topics() if topic is None or name == topic + DEAD_SUFFIX]
        if topic and not there and topic not in KNOWN:
            near = difflib.get_close_matches(topic.removesuffix(DEAD_SUFFIX), KNOWN, 1)
            raise ValueError(f"there is no topic {topic}{f': is it {near[0]}?' if near else ''}")
        records: list[Received] = []
        if there:
            async for some in self._broker.follow(there):
                if not some:
                    break
                records += some
        return folded(records)

    async def replay(self, letters: Sequence[Letter], by: str) -> None:
        """Back into their topics, in order. Raises `Transient`; what was not marked then is put back again, under the
        same id."""
        for letter in letters:
            await self._broker.produce([letter.original()])
            await self._broker.produce([letter.end(End.REPLAYED, by, self._clock.now())])

    async def discard(self, letters: Sequence[Letter], by: str) -> None:
        for letter in letters:
            await self._broker.produce([letter.end(End.DISCARDED, by, self._clock.now())])

    async def erase(self, letters: Sequence[Letter]) -> int:
        """Remove from the broker what lies before the first letter that waits, in each topic: how many letters went.

        Raises `Transient`, also for a broker that cannot (the embedded one).
        """
        until: dict[TopicPartition, RecordsToDelete] = {}
        gone = 0
        for topic in {letter.record.topic for letter in letters}:
            its = [letter for letter in letters if letter.record.topic == topic]
            ended = its[: next((n for n, letter in enumerate(its) if letter.ended is None), len(its))]
            if ended:
                last = ended[-1].record
                at = TopicPartition(self._settings.topic_prefix + topic, last.partition.number)
                until[at], gone = RecordsToDelete(last.offset + 1), gone + len(ended)
        if until:
            async with self._admin() as admin:
                await admin.delete_records(until)
        return gone

    async def _topics(self) -> list[str]:
        prefix = self._settings.topic_prefix
        async with self._admin() as admin:
            names = await admin.list_topics()
        return sorted(
            name.removeprefix(prefix) for name in names if name.startswith(prefix) and name.endswith(DEAD_SUFFIX)
        )

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        identity = self._settings.kafka_identity()
        admin = AIOKafkaAdminClient(bootstrap_servers=self._settings.kafka_bootstrap, **identity)
        try:
            await admin.start()
            yield admin
        except KafkaError as error:
            raise Transient(f"Kafka at {self._settings.kafka_bootstrap} did not do it: {error!r}") from error
        finally:
            await admin.close()


@asynccontextmanager
async def opened(home: Path) -> AsyncIterator[Desk]:
    """HAETAE_KAFKA_BOOTSTRAP and what belongs to it, else the running stack of `home`. Raises `ConnectionError`."""
    async with opened_with(kafka_settings(home)) as desk:
        yield desk


@asynccontextmanager
async def opened_with(settings: KafkaSettings) -> AsyncIterator[Desk]:
    broker = KafkaBroker(
        settings.kafka_bootstrap,
        settings.topic_prefix,
        settings.kafka_idempotence,
        client="dead-letters",
        identity=settings.kafka_identity(),
        creates=False,
    )
    try:
        yield Desk(broker, settings)
    finally:
        await broker.close()


def kafka_settings(home: Path) -> KafkaSettings:
    if os.environ.get(BOOTSTRAP):
        return KafkaSettings()
    if not (home / "env").exists():
        raise ConnectionError(f"there is no stack in {home}: give its folder with --home, or set {BOOTSTRAP}")
    known = {f"HAETAE_{name.upper()}": name for name in KafkaSettings.model_fields}
    told = read_env(home / "env")
    return KafkaSettings.model_validate({known[name]: value for name, value in told.items() if name in known})
