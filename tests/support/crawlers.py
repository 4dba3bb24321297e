"""Crawlers as processes, as they are run, killed and run again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
NO_HAETAE = {name: value for name, value in os.environ.items() if not name.startswith("HAETAE_")}


@dataclass
class Crawlers:
    """Each introduces itself by its name: a server's log tells them apart."""

    env: Mapping[str, str]
    home: Path
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    async def start(self, name: str) -> None:
        own = {"HAETAE_INSTANCE": name, "HAETAE_CONTACT": f"mailto:{name}@agency.test"}
        with (self.home / f"{name}.log").open("ab") as out:
            self.running[name] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.crawler",
                env={**NO_HAETAE, **self.env, **own}, stdout=out, stderr=out, cwd=PROJECT,
            )  # fmt: skip

    async def kill(self, name: str) -> None:
        """SIGKILL."""
        process = self.running.pop(name)
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def freeze(self, name: str, seconds: float) -> None:
        """SIGSTOP: it keeps its connections, and goes on later as if nothing had happened, unless it was killed."""
        process = self.running[name]
        if process.returncode is None:
            process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)

    def said(self) -> str:
        """The last lines of all, for a failing test."""
        logs = sorted(self.home.glob("*.log"))
        return "\n".join(f"{log.name}:\n" + "\n".join(log.read_text().splitlines()[-5:]) for log in logs)


@asynccontextmanager
async def crawlers(env: Mapping[str, str], home: Path, *names: str) -> AsyncIterator[Crawlers]:
    """These, started; killed at the end."""
    made = Crawlers(env, home)
    try:
        await asyncio.gather(*map(made.start, names))
        yield made
    except AssertionError as failure:
        raise AssertionError(f"{failure}\n{made.said()}") from failure
    finally:
        await asyncio.gather(*map(made.kill, list(made.running)))
