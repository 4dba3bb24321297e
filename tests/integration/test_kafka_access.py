"""Our own bus through a broker with log-in and rights, as they are deployed."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError

from deploy.access.__main__ import MANIFESTS
from deploy.access.catalogue import public_topics, subscriber
from deploy.access.strimzi import user
from shared.bus.kafka import KafkaBroker
from shared.bus.kafka_refusals import refusal
from shared.bus.kafka_settings import KafkaSettings
from shared.bus.port import Member, Received, Record
from shared.failures import Transient
from tests.support.authority import Authority
from tests.support.guarded_broker import GuardedBroker, guarded

PASSWORD = "the lantern parcel waits at gate seven"
PUBLIC, PRIVATE = "case.events", "content.flagged"
SERVICES = list(yaml.safe_load_all((MANIFESTS / "users.yaml").read_text()))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
async def front(kafka_bootstrap: str, authority: Authority) -> AsyncIterator[GuardedBroker]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 2, 1) for name in (PUBLIC, PRIVATE, f"{PRIVATE}.dead")])
    await admin.close()
    agencies = [user(subscriber(id), password_from=f"agency-{id}-password") for id in ("lantern", "harbour")]
    asking = authority.server("localhost")
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.load_verify_locations(authority.file)
    passwords = {"agency-lantern": PASSWORD, "agency-harbour": PASSWORD, "crawler": PASSWORD}
    tls = authority.server("localhost")
    async with guarded(kafka_bootstrap, [*SERVICES, *agencies], passwords, agencies=tls, services=asking) as broker:
        yield broker


def lantern(front: GuardedBroker, authority: Authority, **more: object) -> KafkaSettings:
    given = {"kafka_bootstrap": front.agencies, "kafka_security": "sasl-tls", "kafka_ca_file": authority.file}
    given |= {"kafka_user": "agency-lantern", "kafka_password": PASSWORD}
    return KafkaSettings.model_validate(given | more)


def service(front: GuardedBroker, authority: Authority, name: str) -> KafkaSettings:
    own = authority.issued(name)
    given = {"kafka_bootstrap": front.services, "kafka_security": "tls", "kafka_ca_file": authority.file}
    return KafkaSettings.model_validate(given | {"kafka_cert_file": own, "kafka_key_file": own})


def bus(settings: KafkaSettings, **more: bool) -> KafkaBroker:
    identity = settings.kafka_identity()
    return KafkaBroker(settings.kafka_bootstrap, idempotence=False, identity=identity, **more)


def client(settings: KafkaSettings) -> dict[str, object]:
    return {"bootstrap_servers": settings.kafka_bootstrap, **settings.kafka_identity()}


async def arrived(member: Member, value: bytes) -> Received:
    """Rights are about names, so topics and groups have their own here: on a server of others they hold what earlier
    runs left."""
    async with asyncio.timeout(20):
        while True:
            for records in (await member.poll(100, 1.0)).values():
                for record in records:
                    if record.value == value:
                        return record


async def nothing_revoked(_: object) -> None: ...


async def test_a_service_works_with_its_certificate(front, authority):
    """Who publishes and who handles, each as itself; nobody may create a topic, and none has to."""
    classifier, evidence = (bus(service(front, authority, name)) for name in ("classifier", "evidence"))
    try:
        await classifier.ensure_topics({PRIVATE: 2})
        await classifier.produce([Record(PRIVATE, b"k", found := secrets.token_bytes(8))])
        async with evidence.join("evidence.case", [PRIVATE], instance="e", on_revoked=nothing_revoked) as member:
            record = await arrived(member, found)
            await member.commit({record.partition: record.offset + 1})
        with pytest.raises(Transient, match="shows no topic nowhere, and this user may not create them"):
            await classifier.ensure_topics({PRIVATE: 2, "nowhere": 1})
        with pytest.raises(Transient, match=r"TopicAuthorizationFailedError.*docs/kafka-access\.md"):
            await evidence.produce([Record(PRIVATE, b"k", b"not its own")])
    finally:
        await asyncio.gather(classifier.close(), evidence.close())


async def test_a_subscriber_reads_what_is_public(front, authority):
    gateway, agency = bus(service(front, authority, "gateway")), bus(lantern(front, authority))
    try:
        await gateway.produce([Record(PUBLIC, b"k", changed := secrets.token_bytes(8))])
        joined = agency.join("agency-lantern.cases", [PUBLIC], instance="1", on_revoked=nothing_revoked)
        async with joined as member:
            record = await arrived(member, changed)
            await member.commit({record.partition: record.offset + 1})
    finally:
        await asyncio.gather(gateway.close(), agency.close())


async def test_a_subscriber_is_refused_everything_else(front, authority):
    at = client(lantern(front, authority))
    admin = AIOKafkaAdminClient(**at)
    await admin.start()
    try:
        assert PUBLIC in (shown := set(await admin.list_topics()))
        assert shown <= {topic.name for topic in public_topics()}
        made = await admin.create_topics([NewTopic("case.events.more", 1, 1)])
        gone = await admin.delete_topics([PUBLIC])
        assert [made.topic_errors[0][1], gone.topic_error_codes[0][1]] == [29, 29]
    finally:
        await admin.close()
    async with AIOKafkaConsumer(**at) as consumer:
        consumer.assign([at_beginning := TopicPartition(PRIVATE, 0)])
        consumer.seek(at_beginning, 0)
        with pytest.raises(TopicAuthorizationFailedError):
            await asyncio.wait_for(consumer.getone(), 10)
    for group in ("agency-harbour.cases", "gateway.case", "agency-lantern"):
        member = AIOKafkaConsumer(PUBLIC, group_id=group, **at)
        with pytest.raises(GroupAuthorizationFailedError):
            await asyncio.wait_for(member.start(), 10)
        await member.stop()
    async with AIOKafkaProducer(**at) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(PUBLIC, b"forged")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kafka_password": "the wrong one"}, "refused user agency-lantern: see HAETAE_KAFKA_USER"),
        ({"kafka_user": "agency-nobody"}, "refused user agency-nobody"),
        ({"kafka_ca_file": None}, "does not trust|that we do not trust"),
        (
            {"kafka_security": "plaintext", "kafka_user": None, "kafka_password": None, "kafka_ca_file": None},
            "want TLS",
        ),
    ],
    ids=["password", "user", "issuer", "no TLS"],
)
async def test_who_is_not_let_in_is_told_why(front, authority, wrong, said):
    broker = bus(lantern(front, authority, **wrong))
    try:
        with pytest.raises(Transient, match=said):
            await broker.ready()
    finally:
        await broker.close()


async def test_a_certificate_that_expired_or_is_another_s_is_told(kafka_bootstrap, authority):
    users = [user(subscriber("lantern"))]
    for tls, said in [
        (authority.server("localhost", expired=True), "has expired: whoever runs Kafka"),
        (authority.server("elsewhere.test"), "has a certificate for another name"),
    ]:
        async with guarded(kafka_bootstrap, users, {"agency-lantern": PASSWORD}, agencies=tls) as other:
            assert said in (await refusal(client(lantern(other, authority))) or "")


async def test_a_renewed_certificate_is_used_without_a_restart(front, authority, tmp_path: Path):
    own = tmp_path / "own.pem"
    own.write_bytes(authority.issued("somebody").read_bytes())
    given = {"kafka_bootstrap": front.services, "kafka_security": "tls", "kafka_ca_file": authority.file}
    settings = KafkaSettings.model_validate(given | {"kafka_cert_file": own, "kafka_key_file": own})
    broker = bus(settings)
    try:
        with pytest.raises(Transient, match="TopicAuthorizationFailed"):
            await broker.produce([Record(PUBLIC, b"k", b"v")])
        own.write_bytes(authority.issued("gateway").read_bytes())
        await broker.produce([Record(PUBLIC, b"k", b"v")])
    finally:
        await broker.close()


async def test_plain_passwords_are_refused(front, authority):
    at = client(lantern(front, authority)) | {"sasl_mechanism": "PLAIN"}
    assert "does not know PLAIN" in (await refusal(at) or "")
