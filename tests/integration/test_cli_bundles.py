"""`haetae evidence bundle` at a real store and database, with the evidence service's worker beside it."""

import asyncio
from functools import partial

import pytest

from services.evidence.bundle.making import make
from services.evidence.custody import lines
from services.evidence.orders import retention
from services.evidence.orders.tools import Tools
from services.evidence.orders.worker import Worker
from services.evidence.seal.sealer import Sealer
from shared.clock import SystemClock
from shared.database import Database
from shared.objects.exports import open_exports
from shared.objects.folder import FolderStore
from shared.objects.vault import open_vault
from tests.support.captures import evidence_settings
from tests.support.sealed import URL, House

ORDER = ("--why", "asked for by the police", "--basis", "견본법 제1조", "--by", "official-2")


@pytest.fixture
async def at_home(migrated, s3_settings, monkeypatch, tmp_path):
    for name, value in s3_settings.env().items():
        monkeypatch.setenv(name, value)
    settings, clock = evidence_settings(env=s3_settings.env()), SystemClock()
    monkeypatch.setenv("HAETAE_MASTER_KEY", settings.master_key.get_secret_value())
    database = Database(migrated.dsn_for("evidence"), "/haetae/evidence")
    async with (
        open_vault(settings) as vault,
        open_exports(settings, vault, clock) as exports,
        Sealer(settings, clock) as sealer,
    ):
        yield House(database, vault, exports, sealer, settings, clock)
    await database.close()


@pytest.fixture
async def at_work(at_home, tmp_path):
    """The worker of orders, as the service runs it."""
    bundles = partial(make, office=at_home.settings.office())
    tools = Tools(
        at_home.database,
        at_home.vault,
        at_home.exports,
        FolderStore(tmp_path / "quarantine"),
        at_home.sealer.key,
        retention.load(None),
        bundles,
    )
    worker = Worker(tools, "worker")

    async def work():
        while True:
            await worker.step()
            await asyncio.sleep(0.1)

    working = asyncio.create_task(work())
    yield
    working.cancel()


async def test_a_bundle_is_ordered_written_and_checked(at_home, at_work, haetae, tmp_path):
    case, out = await at_home.seal(URL), tmp_path / "case.haetae.zip"
    status, said = await asyncio.to_thread(haetae, "evidence", "bundle", case, *ORDER, "--out", out)
    assert status == 0, said
    assert f"{out}: {out.stat().st_size:,} bytes" in said
    assert f"Check it: haetae verify {out}" in said
    assert haetae("verify", out, "--key", at_home.sealer.public_key)[0] == 0
    assert (list(tmp_path.glob("*.part")), out.stat().st_mode & 0o077) == ([], 0)
    status, said = await asyncio.to_thread(haetae, "evidence", "bundle", case, *ORDER, "--out", out)
    assert (status, "exists already: give another --out" in said) == (1, True)
    status, said = await asyncio.to_thread(haetae, "evidence", "bundle", case, *ORDER, "--out", tmp_path / "no" / "x")
    assert (status, "give another --out" in said) == (1, True)
    async with at_home.database.transaction() as tx:
        actions = [line["action"] for line in await lines.read(tx, case)]
    assert actions.count("exported") == 1  # none was ordered that could not be written
    whole = out.read_bytes()
    out.write_bytes(whole.replace(b"lantern", b"lanterm", 1))
    status, said = haetae("verify", out, "--lang", "ko")
    assert (status, "evidence/text.txt" in said) == (1, True), said


async def test_a_case_without_evidence_is_refused_in_words(at_work, haetae, tmp_path):
    nobody = "00000000-0000-4000-8000-000000000000"
    status, said = await asyncio.to_thread(haetae, "evidence", "bundle", nobody, *ORDER, "--out", tmp_path / "x")
    assert status == 1
    assert "there is no evidence of case" in said
    assert list(tmp_path.glob("x*")) == []
