"""What an agency does: run, add an account, give sites and hashes of its own; cases appear, Ctrl-C stops everything."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from haetae.client import Gateway
from sandbox import Sandbox
from sandbox.registries import directory

PASSWORD = "a password for this test"
ENOUGH = 3


async def haetae(*arguments: object) -> str:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "haetae", *map(str, arguments), stdout=-1)
    out, _ = await process.communicate()
    assert process.returncode == 0, out
    return out.decode()


async def address(running: asyncio.subprocess.Process) -> str:
    assert running.stdout
    while line := (await running.stdout.readline()).decode():
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found.group()
    raise AssertionError("it ended before the gateway was up")


@pytest.mark.chaos
@pytest.mark.timeout(180)
async def test_an_agency_runs_it_with_its_own_sites_and_hashes(tmp_path):
    web, home, hashes = tmp_path / "web", tmp_path / "home", tmp_path / "hashes.csv"
    async with Sandbox(web, scale=0.1, pace=1000) as sandbox:
        own = {"HAETAE_ALLOWED_HOSTS_FILE": str(web / "hosts"), "HAETAE_RDAP_BOOTSTRAP": directory(sandbox.port)}
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "haetae", "run", "--home", str(home), "--port", "0"),
            env={**os.environ, **own, "COLUMNS": "200"},
            stdout=asyncio.subprocess.PIPE,
        )
        gateway_url = await address(running)
        (tmp_path / "password").write_text(PASSWORD)
        await haetae("accounts", "add", "kim", "--password-file", tmp_path / "password", "--home", home)
        await haetae("hashes", "compute", web / "known", "--bank", "own", "--category", "stand-in", "--out", hashes)
        await haetae("hashes", "import", hashes, "--home", home)
        await haetae("sites", "import", web / "sites.csv", "--home", home)

        async with await Gateway.login(gateway_url, "kim", PASSWORD) as gateway:
            while len([case for case in await gateway.cases("drafted") if case.category == "known_content"]) < ENOUGH:
                await asyncio.sleep(0.5)
        running.send_signal(signal.SIGINT)
        assert await running.wait() == 0
        assert processes_of(home) == []


def processes_of(home: Path) -> list[str]:
    """Numbers of the processes that know this folder."""
    return [process.name for process in Path("/proc").iterdir() if process.name.isdigit() and belongs(process, home)]


def belongs(process: Path, home: Path) -> bool:
    try:
        return str(home).encode() in (process / "environ").read_bytes()
    except OSError:
        return False
