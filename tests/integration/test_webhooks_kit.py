"""Receivers of the kit, which only follow the page: against a gateway that sends by itself."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.gateway.bridges.webhooks import managing
from services.gateway.bridges.webhooks.jobs import TEST_TYPE
from shared.clock import SystemClock
from shared.handling import Context
from tests.integration.test_subscribers import KIT, node
from tests.support.poll import eventually
from tests.support.stack import Migrated
from tests.support.webhooks import Post, posting

COMMANDS = {
    "python": lambda: (sys.executable, str(KIT / "python/receiver.py")),
    "javascript": lambda: (node(), str(KIT / "javascript/receiver.js")),
}
FORGED = {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA v1,é"}


async def no_broker(events: Sequence[object]) -> None:
    raise AssertionError("nothing is published here")


@asynccontextmanager
async def sending(post: Post) -> AsyncIterator[None]:
    stopping = asyncio.Event()
    context = Context(post.desk.database, SystemClock(), no_broker, stopping.is_set)
    worker = await post.another()
    task = asyncio.create_task(worker.run(context))
    try:
        yield
    finally:
        stopping.set()
        await task


@asynccontextmanager
async def started(command: Sequence[str], port: int, secret: str, journal: Path) -> AsyncIterator[None]:
    env = {"HAETAE_WEBHOOK_SECRET": secret, "HAETAE_WEBHOOK_PORT": str(port), "HAETAE_JOURNAL": str(journal)}
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **env})
    try:
        await eventually(lambda: listens(port))
        yield
    finally:
        process.kill()
        await process.wait()


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def written(journal: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []


@pytest.mark.parametrize("language", COMMANDS)
async def test_a_receiver_takes_each_event_once_and_from_nobody_else(
    migrated_once: Migrated, tmp_path: Path, language: str
) -> None:
    command, port, journal = COMMANDS[language](), free_port(), tmp_path / "journal.jsonl"

    def heard() -> list[object]:
        return [line["id"] for line in written(journal)]

    async with posting(migrated_once, tmp_path, clock=SystemClock()) as post:
        ids = await post.events(3)
        webhook, secret = await post.add(f"http://receiver.test:{port}/events")
        async with started(command, port, secret, journal), sending(post):
            await eventually(lambda: heard() == ids)
            assert await forged(port) == 401
            async with post.desk.database.transaction() as tx:
                await managing.pause(tx, post.admin, webhook)
        ids += await post.events(1)
        async with started(command, port, secret, journal), sending(post):
            async with post.desk.database.transaction() as tx:
                await managing.replay(tx, post.admin, webhook, 0)
            await eventually(lambda: heard() == ids)
            async with post.desk.database.transaction() as tx:
                await managing.test(tx, post.admin, webhook)
            await eventually(lambda: TEST_TYPE in str(written(journal)[-1].get("aside", "")))


@pytest.mark.parametrize("secret", ["", " ", "whsec_", "whsec_c2hvcnQ=", f"whsec_{'A' * 44} whsec_"])
@pytest.mark.parametrize("language", COMMANDS)
async def test_a_receiver_begins_with_no_secret_that_anybody_has(tmp_path: Path, language: str, secret: str) -> None:
    """Empty, or too short: anybody could sign with it."""
    env = {"HAETAE_WEBHOOK_SECRET": secret, "HAETAE_WEBHOOK_PORT": str(free_port())}
    env |= {"HAETAE_JOURNAL": str(tmp_path / "journal.jsonl")}
    process = await asyncio.create_subprocess_exec(
        *COMMANDS[language](), env={**os.environ, **env}, stderr=asyncio.subprocess.PIPE
    )
    try:
        await eventually(lambda: process.returncode is not None)
    finally:
        if process.returncode is None:
            process.kill()
    _, said = await process.communicate()
    assert process.returncode != 0
    assert b"HAETAE_WEBHOOK_SECRET" in said


async def forged(port: int) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {name: value.encode() for name, value in FORGED.items()}
        return (await client.post(f"http://127.0.0.1:{port}/", headers=headers, content=b"{}")).status_code
