"""`haetae evidence keys`, on a real database."""

import asyncio
import json

import pytest
import typer
from typer.testing import CliRunner

from haetae.signing_cli import signing_keys
from services.evidence.seal.keys import take_over
from shared.clock import ManualClock
from shared.database import Database

FIRST, NEXT = "a" * 64, "b" * 64


@pytest.fixture
def run(migrated, monkeypatch):
    monkeypatch.setenv("HAETAE_DATABASE_URL", migrated.owner_url)
    monkeypatch.setenv("COLUMNS", "40")
    commands = typer.Typer()
    commands.command()(signing_keys)
    return lambda *words: asyncio.to_thread(CliRunner().invoke, commands, words)


async def test_the_keys_that_seal_are_told_with_their_times(migrated, run):
    empty = await run()
    assert empty.exit_code == 1
    assert "no key has sealed yet" in empty.output
    clock = ManualClock()
    database = Database(migrated.dsn_for("evidence"), "/haetae/evidence", clock)
    for key in (FIRST, NEXT):
        async with database.transaction() as tx:
            await take_over(tx, key, clock.now())
        clock.advance(60)
    await database.close()
    shown = (await run()).output
    assert FIRST in shown
    assert "in use" in shown
    told = [json.loads(line) for line in (await run("--json")).output.splitlines()]
    assert [(one["public_key"], one["until"]) for one in told] == [(FIRST, "2026-01-01T00:01:00.000Z"), (NEXT, None)]
