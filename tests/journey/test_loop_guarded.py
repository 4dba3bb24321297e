"""The whole loop at a broker with log-in and rights: each service as itself, with the rights that are deployed, which
are therefore enough; and a subscriber, who sees what is public go by."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.access.__main__ import MANIFESTS
from deploy.access.catalogue import public_topics, subscriber
from deploy.access.strimzi import user
from haetae.demonstration import Demonstration, Options
from services import SERVICES
from shared.bus.kafka_settings import KafkaSettings
from tests.support.authority import Authority
from tests.support.guarded_broker import GuardedBroker, guarded

SCALE = 0.1
MODEL = Path("var/models/text")
PASSWORD = "the lantern parcel waits at gate seven"
EMPTY_S = 5.0


def deployed(name: str) -> list[dict[str, object]]:
    return list(yaml.safe_load_all((MANIFESTS / name).read_text()))


@dataclass
class Guarded(Demonstration):
    """Its services come by their certificates, and may create nothing."""

    known_by: dict[str, dict[str, str]] = field(default_factory=dict)

    def _settings(self) -> dict[str, dict[str, str]]:
        own = super()._settings()
        return {name: {**own.get(name, {}), **self.known_by[name]} for name in SERVICES}


async def create_topics(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    topics = [(one["metadata"]["name"], one["spec"]["partitions"]) for one in deployed("topics.yaml")]
    await admin.create_topics([NewTopic(name, partitions, 1) for name, partitions in topics])
    await admin.close()


def as_service(front: GuardedBroker, authority: Authority, name: str) -> dict[str, str]:
    own = str(authority.issued(name))
    return {
        "HAETAE_KAFKA_BOOTSTRAP": front.services,
        "HAETAE_KAFKA_SECURITY": "tls",
        "HAETAE_KAFKA_CA_FILE": str(authority.file),
        "HAETAE_KAFKA_CERT_FILE": own,
        "HAETAE_KAFKA_KEY_FILE": own,
        "HAETAE_KAFKA_CREATE_TOPICS": "0",
    }


async def heard(front: GuardedBroker, authority: Authority) -> set[str]:
    """The topics of which a subscriber gets records, when it asks for all that are public."""
    given = {"kafka_bootstrap": front.agencies, "kafka_security": "sasl-tls", "kafka_ca_file": authority.file}
    settings = KafkaSettings.model_validate(given | {"kafka_user": "agency-lantern", "kafka_password": PASSWORD})
    names = [topic.name for topic in public_topics()]
    at = {"bootstrap_servers": front.agencies, **settings.kafka_identity(), "group_id": "agency-lantern.all"}
    came: set[str] = set()
    async with AIOKafkaConsumer(*names, auto_offset_reset="earliest", **at) as consumer:
        while records := await consumer.getmany(timeout_ms=int(EMPTY_S * 1000)):
            came |= {partition.topic for partition in records}
    return came


@pytest.mark.chaos
@pytest.mark.timeout(600)  # 409 s were measured on two busy cores
async def test_the_rights_that_are_deployed_are_enough_for_the_whole_loop(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    asking = authority.server("localhost")
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.load_verify_locations(authority.file)
    users = [*deployed("users.yaml"), user(subscriber("lantern"))]
    listeners = {"agencies": authority.server("localhost"), "services": asking}
    model = MODEL.absolute()  # noqa: ASYNC240  # before anything runs
    options = Options(tmp_path / "run", model, seed=11, scale=SCALE, gateway_port=0)
    async with Guarded(options, lambda *_: None, lambda *_: None) as run:
        upstream = run.house.stack.env["HAETAE_KAFKA_BOOTSTRAP"]
        await create_topics(upstream)
        async with guarded(upstream, users, {"agency-lantern": PASSWORD}, **listeners) as front:
            run.known_by = {name: as_service(front, authority, name) for name in SERVICES}
            await run.prepare()
            summary = await run.watch()
            assert summary.failures == []
            assert summary.expected >= 7
            assert "case.events" in await asyncio.wait_for(heard(front, authority), 60)
            assert front.refused == []
