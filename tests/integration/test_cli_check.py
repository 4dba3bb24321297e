"""`haetae evidence check` at a real store and database: what was lost, changed or cut is named with its case."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from deploy.local.buckets import S3Address
from haetae_verify.canonical import digest
from services.evidence.seal.sealer import Sealer
from shared.clock import SystemClock
from shared.database import Database
from shared.objects.exports import open_exports
from shared.objects.vault import open_vault
from tests.support.captures import evidence_settings
from tests.support.commands import Haetae
from tests.support.sealed import URL, WORDS, House
from tests.support.stack import Migrated


@pytest.fixture
async def at_home(migrated: Migrated, s3_settings: S3Address, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    for name, value in s3_settings.env().items():
        monkeypatch.setenv(name, value)
    settings, clock = evidence_settings(env=s3_settings.env()), SystemClock()
    monkeypatch.setenv("HAETAE_MASTER_KEY", settings.master_key.get_secret_value())
    database = Database(migrated.owner_url, "/haetae/evidence", schema="evidence")
    async with (
        open_vault(settings) as vault,
        open_exports(settings, vault, clock) as exports,
        Sealer(settings, clock) as sealer,
    ):
        yield House(database, vault, exports, sealer, settings, clock)
    await database.close()


async def test_what_differs_from_the_seal_is_named(at_home: House, haetae: Haetae, s3_settings: S3Address) -> None:
    whole, hurt = await at_home.seal(URL + "/1"), await at_home.seal(URL + "/2")
    status, said = await asyncio.to_thread(haetae, "evidence", "check")
    assert (status, "2 cases checked: all as it was sealed" in said) == (0, True), said

    store, text = s3_settings.client(), f"cases/{hurt}/{digest(WORDS.encode())}"
    await asyncio.to_thread(store.remove_object, f"{s3_settings.prefix}evidence", text)
    async with at_home.database.transaction() as tx:
        await tx.execute(sa.text("ALTER TABLE custody DISABLE TRIGGER append_only"))
        await tx.execute(sa.text("UPDATE custody SET actor = 'nobody' WHERE seq = 2"))
        await tx.execute(sa.text("ALTER TABLE seals DISABLE TRIGGER USER"))
        changed = "overlay(document placing '2019'::bytea from position('20'::bytea in document))"
        await tx.execute(sa.text(f"UPDATE seals SET document = {changed} WHERE case_id = :case"), {"case": hurt})
    status, said = await asyncio.to_thread(haetae, "evidence", "check", hurt)
    assert status == 1
    assert f"{hurt}: the chain of custody is broken at line 2" in said
    assert f"{hurt}: text.txt is missing" in said
    assert f"{hurt}: seal.json: the signature is not right" in said
    status, said = await asyncio.to_thread(haetae, "evidence", "check", whole)
    assert (status, "1 problems" in said) == (1, True)
