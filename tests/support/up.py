"""`python -m deploy.local up` as a process, as a person runs it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.home import read_env

PROJECT = Path(__file__).resolve().parents[2]


class Up:
    """A running stack and what it has printed so far."""

    def __init__(self, home: Path, process: asyncio.subprocess.Process) -> None:
        self.home, self.process, self.printed = home, process, ""

    @property
    def env(self) -> dict[str, str]:
        return read_env(self.home / "env")

    async def wait_up(self) -> None:
        """Until it says so; AssertionError with its output when it ends first."""
        assert self.process.stdout
        while "stack up" not in self.printed:
            line = await self.process.stdout.readline()
            assert line, f"ended with {await self.process.wait()}:\n{self.printed}"
            self.printed += line.decode()

    async def end(self, number: signal.Signals) -> int:
        """Its exit status, after this signal."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        rest, _ = await self.process.communicate()
        self.printed += rest.decode()
        assert self.process.returncode is not None
        return self.process.returncode


@asynccontextmanager
async def up(home: Path, *options: str, prefix: tuple[str, ...] = (), **env: str) -> AsyncIterator[Up]:
    """Started, not waited for; stopped at the end at the latest."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HAETAE_")}
    process = await asyncio.create_subprocess_exec(
        *prefix, sys.executable, "-m", "deploy.local", "up", "--home", str(home), "--scratch", *options,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={**inherited, **env}, cwd=PROJECT,
    )  # fmt: skip
    running = Up(home, process)
    try:
        yield running
    finally:
        await running.end(signal.SIGTERM)
