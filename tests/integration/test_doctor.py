"""The doctor on real servers: a healthy house has no fault, and each that is planted is named with its cure."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from deploy.local.archive import STANDBY
from deploy.local.buckets import Bucket, S3Address, ensure_buckets
from haetae.cli import app
from haetae.doctor import lag
from haetae.doctor.checks import CHECKS
from haetae.doctor.diagnosis import Diagnosis, State
from haetae.doctor.patient import OWNER
from haetae.doctor.schema import newest
from haetae.doctor.together import judge
from shared.objects.vault import open_vault
from tests.support import planted
from tests.support.authority import Authority
from tests.support.doctor import House, healthy, key, said
from tests.support.guarded_broker import guarded
from tests.support.objects import object_settings
from tests.support.oidc import mapping_file, provider
from tests.support.planted import Planted
from tests.support.stack import LazyStack, Migrated

# Of a stack for tests: no fsync, nobody's topics yet, the stand-in of a model, no time servers.
BEARABLE = {"durability", "topics", "HAETAE_TEXT_MODEL", "time servers", "connections"}
# … and of the machine that they run on.
BEARABLE_HERE = {"sandbox", "shared memory", "kept", "open files"}


@pytest.fixture(scope="module")
async def house(stack: LazyStack, migrated_once: Migrated, text_model: Path) -> House:
    if "s3" in stack.outside:
        pytest.skip("a store of others has no key for each service, which is what is looked at here")
    await asyncio.to_thread(forget_keys, S3Address.of(await stack.env("s3")))
    return await healthy(stack, migrated_once, str(text_model))


def forget_keys(store: S3Address) -> None:
    """Those of cases of tests that ran before in this process: another master key wrapped them."""
    client, bucket = store.client(), f"{store.prefix}keys"
    for one in client.list_objects(bucket, recursive=True):
        client.remove_object(bucket, str(one.object_name))


def names(found: list[Diagnosis], state: State, said: str, cure: str) -> bool:
    return any(one.state is state and said in f"{one.what}: {one.said}" and cure in one.cure for one in found)


async def test_a_healthy_house_has_no_fault(house: House) -> None:
    found = await house.all()
    assert [one for one in found if one.state is State.FAILED] == []
    assert {one.what for one in found if one.state is State.WARNING} <= BEARABLE | BEARABLE_HERE
    looked_at = {one.subject for one in found}
    assert looked_at >= {check.subject for check in CHECKS} - {"fonts"}
    given = [(name, value) for env in house.env.values() for name, value in env.items()]
    hidden = [value for name, value in given if name.endswith(("_KEY", "PASSWORD")) and len(value) > 10]
    assert not [value for value in hidden if value in said(found)]


@pytest.mark.parametrize("fault", [*planted.SETTINGS, *planted.KEYS, *planted.SERVERS], ids=lambda fault: fault.name)
async def test_a_planted_fault_is_named_with_its_cure(house: House, fault: Planted) -> None:
    changes = {f"HAETAE_{name}": value for name, value in fault.changes.items()}
    found = await house.look(fault.service, fault.subject, **changes)
    assert names(found, fault.state, fault.said, fault.cure), said(found)


SQL = [
    (
        "agencies see each other's rows",
        (OWNER, "schema", "cases: agencies see", "ENABLE ROW LEVEL SECURITY"),
        "ALTER TABLE gateway.cases DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE gateway.cases ENABLE ROW LEVEL SECURITY",
    ),
    (
        "an older schema",
        (OWNER, "schema", "at 0040, not at", "haetae migrate"),
        "UPDATE alembic_version SET version_num = '0040'",
        "UPDATE alembic_version SET version_num = '{head}'",
    ),
    (
        "a newer schema",
        (OWNER, "schema", "older than the database", "newer"),
        "UPDATE alembic_version SET version_num = '9999'",
        "UPDATE alembic_version SET version_num = '{head}'",
    ),
    (
        "a role that reaches another's schema",
        ("drafter", "database role", "may use evidence", "REVOKE ALL ON SCHEMA evidence"),
        "GRANT USAGE ON SCHEMA evidence TO haetae_drafter",
        "REVOKE USAGE ON SCHEMA evidence FROM haetae_drafter",
    ),
    (
        "a role that owns its tables",
        ("drafter", "database role", "owns tables", "REASSIGN OWNED"),
        "ALTER TABLE drafter.inbox OWNER TO haetae_drafter",
        "ALTER TABLE drafter.inbox OWNER TO CURRENT_USER",
    ),
    (
        "another search path",
        ("drafter", "database role", "search path: is public", "SET search_path = drafter"),
        "ALTER ROLE haetae_drafter IN DATABASE {database} SET search_path = public",
        "ALTER ROLE haetae_drafter IN DATABASE {database} RESET search_path",
    ),
    (
        "commits that are not waited for",
        ("drafter", "database", "can be lost", "synchronous_commit = on"),
        "ALTER DATABASE {database} SET synchronous_commit = off",
        "ALTER DATABASE {database} RESET synchronous_commit",
    ),
    (
        "a log that nobody archives",
        ("drafter", "database", "nobody brings the log to the archive", "haetae run"),
        f"SELECT pg_create_physical_replication_slot('{STANDBY}', true)",
        f"SELECT pg_drop_replication_slot('{STANDBY}')",
    ),
    (
        "events that nobody brings to the broker",
        ("drafter", "database role", "the oldest for 3600 s", "reaches Kafka"),
        "INSERT INTO drafter.outbox (event_id, topic, key, value, headers, created_at) "
        "VALUES (gen_random_uuid(), 't', '', '', '{{}}', now() - interval '1 hour')",
        "DELETE FROM drafter.outbox",
    ),
    (
        "another key on record",
        ("evidence", "keys", "HAETAE_SIGNING_KEY: is not the one on record", "restore the former key"),
        "INSERT INTO evidence.signing_keys (public_key, since) VALUES ('00', now())",
        "DELETE FROM evidence.signing_keys",
    ),
]


@pytest.mark.parametrize(("expected", "do", "undo"), [row[1:] for row in SQL], ids=[row[0] for row in SQL])
async def test_a_fault_of_the_database_is_named(
    house: House, expected: tuple[str, str, str, str], do: str, undo: str
) -> None:
    service, subject, what, cure = expected
    names_of = {"database": make_url(house.owner_url).database, "head": str(newest())}
    async with house.done(do.format(**names_of), undo.format(**names_of)):
        found = await house.look(service, subject)
    assert names(found, State.FAILED, what, cure) or names(found, State.WARNING, what, cure), said(found)
    healed = await house.look(service, subject)
    assert not names(healed, State.FAILED, what, cure), said(healed)


async def test_a_login_that_may_everything_is_refused(house: House) -> None:
    found = await house.look("drafter", "database role", HAETAE_DATABASE_URL=house.owner_url)
    assert names(found, State.FAILED, "sees and may everything", "name haetae_drafter"), said(found)
    other = house.env["crawler"]["HAETAE_DATABASE_URL"]
    found = await house.look("drafter", "database role", HAETAE_DATABASE_URL=other)
    assert names(found, State.FAILED, "logs in as haetae_crawler", "name haetae_drafter"), said(found)


async def test_a_wrong_password_and_a_missing_database_are_told_apart(house: House) -> None:
    url = make_url(house.env["drafter"]["HAETAE_DATABASE_URL"])
    for changed, what, cure in (
        (url.set(password="x"), "password authentication failed", "ALTER ROLE"),  # a wrong one
        (url.set(database="none"), "does not exist", "CREATE DATABASE"),
        (url.set(username="haetae_nobody"), "authentication failed", "set the password"),
    ):
        wrong = changed.render_as_string(hide_password=False)
        found = await house.look("drafter", "database", HAETAE_DATABASE_URL=wrong)
        assert names(found, State.FAILED, what, cure), said(found)
        assert "haetae_drafter:x" not in said(found)


async def test_a_key_that_opens_too_much_is_named(house: House) -> None:
    root = house.env[OWNER]
    login = {name: root[name] for name in ("HAETAE_S3_ACCESS_KEY", "HAETAE_S3_SECRET_KEY")}
    found = await house.look("gateway", "objects", **login)
    assert names(found, State.FAILED, "also opens kafka", "a key of its own"), said(found)


async def test_buckets_that_protect_nothing_are_named(house: House, s3_settings: S3Address) -> None:
    prefix = f"{s3_settings.prefix}t{secrets.token_hex(5)}-"
    store = s3_settings.client()
    for name in ("evidence", "exports"):
        store.make_bucket(prefix + name)
    store.make_bucket(prefix + "keys", object_lock=True)  # such a bucket keeps versions
    root = {**house.env[OWNER], "HAETAE_S3_BUCKET_PREFIX": prefix}
    own = {name: value for name, value in root.items() if name.startswith("HAETAE_S3_")}
    found = await house.look(OWNER, "objects", **own)
    assert names(found, State.FAILED, "no object lock", "compliance mode"), said(found)
    assert names(found, State.FAILED, "keeps versions", "without versioning"), said(found)


async def test_a_master_key_that_opens_no_case_is_named(house: House, s3_settings: S3Address) -> None:
    own = replace(s3_settings, prefix=f"{s3_settings.prefix}t{secrets.token_hex(5)}-")
    await ensure_buckets(own, [Bucket(name) for name in ("evidence", "keys")])
    settings = object_settings(own)
    async with open_vault(settings) as vault:
        await vault.put(uuid4(), b"a page")
    assert settings.master_key
    right, wrong = settings.master_key.get_secret_value(), key()
    found = await house.look("evidence", "keys", **own.env(), HAETAE_MASTER_KEY=wrong)
    assert names(found, State.FAILED, "does not open the keys of cases", "HAETAE_FORMER_MASTER_KEYS"), said(found)
    found = await house.look("evidence", "keys", **own.env(), HAETAE_MASTER_KEY=wrong, HAETAE_FORMER_MASTER_KEYS=right)
    assert names(found, State.WARNING, "1 of the first 1 keys", "haetae keys rewrap"), said(found)
    found = await house.look("evidence", "keys", **own.env(), HAETAE_MASTER_KEY=right)
    assert names(found, State.OK, "opens the keys of cases", ""), said(found)


async def test_what_services_must_share_is_compared(house: House) -> None:
    gateway = house.patient("gateway", {})
    notifier = house.patient("notifier", {"HAETAE_APPROVAL_KEY": key()})
    (found,) = judge([gateway, notifier])
    assert names([found], State.FAILED, "refuses every approval", "the same")
    assert set(found.services) == {"gateway", "notifier"}


async def test_a_mail_server_with_an_expired_certificate_is_named(house: House, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    for context, what, cure in (
        (authority.server("localhost", expired=True), "certificate has expired", "renew"),
        (authority.server("elsewhere.test"), "mismatch", "HAETAE_SMTP_HOST"),
        (authority.server("localhost", self_signed=True), "self-signed", "HAETAE_SMTP_CA_FILE"),
    ):
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context)
        port = str(server.sockets[0].getsockname()[1])
        tls = {"HAETAE_SMTP_TLS": "tls", "HAETAE_SMTP_CA_FILE": str(authority.file), "HAETAE_SMTP_HOST": "localhost"}
        try:
            found = await house.look("notifier", "mail out", HAETAE_SMTP_PORT=port, **tls)
        finally:
            server.close()
        assert names(found, State.FAILED, what, cure), said(found)


async def test_a_provider_that_names_itself_otherwise_is_named(house: House, tmp_path: Path) -> None:
    with provider("http://127.0.0.1/back") as here:
        mapping = {"HAETAE_OIDC_PEOPLE_FILE": str(mapping_file(tmp_path))}
        found = await house.look("gateway", "identity provider", HAETAE_OIDC_ISSUER=here.issuer, **mapping)
        assert names(found, State.OK, "keys", ""), said(found)
        found = await house.look("gateway", "identity provider", HAETAE_OIDC_ISSUER=here.issuer + "/", **mapping)
        assert names(found, State.FAILED, "another issuer", "to the letter"), said(found)


async def test_a_broker_that_does_not_believe_who_we_are_is_named(house: House, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    authority, other = Authority(tmp_path), Authority(tmp_path / "other")
    tls, bootstrap = authority.server("localhost"), house.env["drafter"]["HAETAE_KAFKA_BOOTSTRAP"]
    async with guarded(bootstrap, [], {"drafter": "right"}, agencies=tls, services=tls) as front:
        told = {
            "HAETAE_KAFKA_BOOTSTRAP": front.agencies,
            "HAETAE_KAFKA_SECURITY": "sasl-tls",
            "HAETAE_KAFKA_USER": "drafter",
            "HAETAE_KAFKA_PASSWORD": "wrong",
            "HAETAE_KAFKA_CA_FILE": str(authority.file),
        }
        found = await house.look("drafter", "kafka", **told)
        assert names(found, State.FAILED, "refused user drafter", "HAETAE_KAFKA_PASSWORD"), said(found)
        found = await house.look("drafter", "kafka", **told | {"HAETAE_KAFKA_PASSWORD": "right"})
        assert names(found, State.WARNING, "not shown to this user", "start the services"), said(found)
        found = await house.look("drafter", "kafka", **told | {"HAETAE_KAFKA_CA_FILE": str(other.file)})
        assert names(found, State.FAILED, "do not trust", "HAETAE_KAFKA_CA_FILE"), said(found)


async def test_a_group_that_is_far_behind_is_named(house: House) -> None:
    settings = house.patient("drafter", {}).settings
    topic, at = f"{settings.topic_prefix}evidence.sealed", {"bootstrap_servers": settings.kafka_bootstrap}
    admin = AIOKafkaAdminClient(**at)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(**at, enable_idempotence=False) as producer:
        await asyncio.gather(*[await producer.send(topic, b"x", partition=0) for _ in range(lag.MOST + 10)])
    here = TopicPartition(topic, 0)
    consumer = AIOKafkaConsumer(**at, group_id=f"{settings.topic_prefix}drafter.case", enable_auto_commit=False)
    await consumer.start()
    consumer.assign([here])
    try:
        await consumer.commit({here: 9})
        found = await house.look("drafter", "lag")
        assert names(found, State.WARNING, "group drafter.case: 501 records of evidence.sealed", "drafter runs"), said(
            found
        )
        await consumer.commit({here: 10})
        found = await house.look("drafter", "lag")
        assert names(found, State.OK, "group drafter.case: 500 records wait", ""), said(found)
    finally:
        await consumer.stop()


async def test_the_command_says_it_line_by_line_and_ends_with_1(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (house.env["drafter"] | {"HAETAE_SMPT_HOST": "x"}).items():
        monkeypatch.setenv(name, value)
    ran = await asyncio.to_thread(CliRunner().invoke, app, ["doctor", "--service", "drafter", "--json"])
    told = [json.loads(line) for line in ran.output.splitlines()]
    failed = [(one["subject"], one["what"], one["cure"]) for one in told if one["state"] == "failed"]
    assert failed == [("settings", "HAETAE_SMPT_HOST", "write HAETAE_SMTP_HOST")]
    assert ran.exit_code == 1
    monkeypatch.delenv("HAETAE_SMPT_HOST")
    ran = await asyncio.to_thread(CliRunner().invoke, app, ["doctor", "--service", "drafter"])
    assert ran.exit_code == 0, ran.output
    assert "database role: rights" in ran.output
