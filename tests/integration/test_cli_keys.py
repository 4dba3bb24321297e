"""The master key is changed from the command line, and nothing that was kept is lost by it."""

import asyncio
import json
import secrets
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from deploy.local.access import libpq_url
from deploy.local.buckets import Bucket, ensure_buckets
from deploy.local.home import Home
from haetae.cli import app
from services.gateway.door import keeping
from shared.objects import cipher
from shared.objects.vault import open_vault
from tests.support.objects import object_settings

FORMER = "former_master_keys"
REPORT = """
INSERT INTO gateway.reports (
    report_id, number, source, category, language, consents, secret, secret_key, created_at, updated_at
) VALUES (%(id)s, 'HT-1', 'victim', 'threatened', 'en', '{}', %(secret)s, %(key)s, now(), now())
"""


@pytest.fixture
async def objects(s3_settings):
    """Buckets of its own, so that no other test's cases are among the keys."""
    own = replace(s3_settings, prefix=f"{s3_settings.prefix}t{secrets.token_hex(5)}-")
    await ensure_buckets(own, [Bucket(name) for name in ("evidence", "keys")])
    return object_settings(own)


def environment(settings, home, database):
    kept = json.loads((home / "secrets.json").read_text())
    return {
        "HAETAE_S3_ENDPOINT": settings.s3_endpoint,
        "HAETAE_S3_ACCESS_KEY": settings.s3_access_key,
        "HAETAE_S3_SECRET_KEY": settings.s3_secret_key.get_secret_value(),
        "HAETAE_S3_SECURE": "0",
        "HAETAE_S3_BUCKET_PREFIX": settings.s3_bucket_prefix,
        "HAETAE_MASTER_KEY": kept["master_key"],
        "HAETAE_FORMER_MASTER_KEYS": kept.get(FORMER, ""),
        "HAETAE_DATABASE_URL": database,
        "COLUMNS": "200",
    }


async def reported(database, keys, about):
    """A report whose contact is sealed: what is kept of it, and the key as it lies there."""
    sealed = await keeping.seal(keys, about, b'{"contact": "the lantern at gate seven"}')
    async with await psycopg.AsyncConnection.connect(libpq_url(database), autocommit=True) as connection:
        await connection.execute(REPORT, {"id": about, "secret": sealed.data, "key": sealed.key})
    return sealed


async def key_of(database, about):
    async with await psycopg.AsyncConnection.connect(libpq_url(database)) as connection:
        asked = await connection.execute("SELECT secret_key FROM gateway.reports WHERE report_id = %s", [about])
        return (await asked.fetchone())[0]


async def test_a_new_master_key_takes_over(objects, migrated, tmp_path):
    home, case, lost, report = tmp_path / "home", UUID(int=1), UUID(int=0), UUID(int=2)
    url = migrated.owner_url
    folder = Home(home)
    objects = objects.model_copy(update={"master_key": SecretStr(folder.key("master_key"))})
    folder.release()
    async with open_vault(objects) as vault:
        sha256 = await vault.put(case, b"kept")
        sealed = await reported(url, vault.keys, report)

    async def haetae(*arguments):
        given = ["keys", *arguments, "--home", str(home)]
        return await asyncio.to_thread(CliRunner().invoke, app, given, env=environment(objects, home, url))

    assert (await haetae("new")).exit_code == 0
    shown = await haetae("show")
    assert shown.output.splitlines()[1].split()[-4:] == ["1", "0", "1", "0"]
    assert "1 keys of reports" in shown.output
    refused = await haetae("forget")
    assert refused.exit_code == 1
    assert FORMER in json.loads((home / "secrets.json").read_text())
    async with open_vault(objects) as vault:
        await vault.keys._store.put(str(lost), cipher.FORMAT + bytes(64))
    interrupted = await haetae("rewrap")
    assert "1 of 2 case keys wrapped anew, 1 of reports" in interrupted.output
    assert interrupted.exit_code == 1
    assert str(lost) in interrupted.output
    async with open_vault(objects) as vault:
        await vault.destroy(lost)
    assert "0 of 2 case keys wrapped anew" in (await haetae("rewrap")).output
    assert (await haetae("forget")).exit_code == 0
    kept = json.loads((home / "secrets.json").read_text())
    assert FORMER not in kept
    async with open_vault(objects.model_copy(update={"master_key": SecretStr(kept["master_key"])})) as vault:
        assert await vault.get(case, sha256) == b"kept"
        told = await keeping.told(vault.keys, report, sealed.data, await key_of(url, report))
    assert told.contact == "the lantern at gate seven"


async def test_a_running_stack_keeps_its_key(tmp_path):
    folder = Home(tmp_path)
    key = folder.key("master_key")
    try:
        ran = await asyncio.to_thread(CliRunner().invoke, app, ["keys", "new", "--home", str(tmp_path)])
        assert (ran.exit_code, "a stack already runs in" in ran.output) == (1, True)
    finally:
        folder.release()
    assert json.loads((tmp_path / "secrets.json").read_text()) == {"master_key": key}


def test_a_setting_that_is_missing_does_not_show_the_others(tmp_path):
    env = {"HAETAE_S3_ENDPOINT": "127.0.0.1:9", "HAETAE_MASTER_KEY": "a-key", "HAETAE_S3_SECRET_KEY": "a-password"}
    ran = CliRunner().invoke(app, ["keys", "show", "--home", str(tmp_path)], env=env)
    assert ran.exit_code == 1
    assert "s3_access_key" in ran.output
    assert "a-key" not in ran.output + str(ran.exception)
    assert "a-password" not in ran.output + str(ran.exception)


@pytest.mark.parametrize("words", [("keys", "show"), ("evidence", "keys")])
async def test_where_no_stack_is_none_is_made(tmp_path, words, monkeypatch):
    for name in ("HAETAE_DATABASE_URL", "HAETAE_S3_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    ran = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--home", str(tmp_path / "nowhere")])
    assert (ran.exit_code, "there is no stack in" in ran.output) == (1, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("signing", {"signing_key"}),
        ("history", {"history_key"}),
        ("approval", {"approval_key"}),
        ("passwords", {"role_crawler", "role_gateway"}),
        ("store", {"s3_root", "s3_evidence"}),
    ],
)
async def test_a_secret_gets_a_successor_and_no_other_does(tmp_path, name, changed):
    folder = Home(tmp_path)
    for secret in ("approval_key", "role_crawler", "role_gateway", "s3_root", "s3_evidence", "postgres"):
        folder.secret(secret)
    for key in ("master_key", "signing_key", "history_key"):
        folder.key(key)
    folder.release()
    before = json.loads((tmp_path / "secrets.json").read_text())
    ran = await asyncio.to_thread(CliRunner().invoke, app, ["keys", "rotate", name, "--home", str(tmp_path)])
    assert ran.exit_code == 0, ran.output
    after = json.loads((tmp_path / "secrets.json").read_text())
    assert {secret for secret in before if after.get(secret) != before[secret]} == changed
    assert after.get("former_approval_keys") == (before["approval_key"] if name == "approval" else None)
    assert not any(value in ran.output for value in {**before, **after}.values())


async def test_a_leaked_approval_key_counts_no_more(tmp_path):
    for name in ("approval", "approval-leaked"):
        Home(tmp_path).secret("approval_key")
        ran = await asyncio.to_thread(CliRunner().invoke, app, ["keys", "rotate", name, "--home", str(tmp_path)])
        assert ran.exit_code == 0, ran.output
    assert {"approval_key", "former_approval_keys"}.isdisjoint(json.loads((tmp_path / "secrets.json").read_text()))
    unknown = await asyncio.to_thread(CliRunner().invoke, app, ["keys", "rotate", "x", "--home", str(tmp_path)])
    assert (unknown.exit_code, "choose among" in unknown.output) == (1, True)
