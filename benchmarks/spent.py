"""Whose processor time a stretch of work takes, and what it stores. Linux."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import CHROMIUM, cpu_s, is_browser
from shared.browser.processes import Process, tree

EVERY_S = 0.5  # what lives shorter than that, and is nobody's browser, may be missed


@dataclass
class Spent:
    """`seconds`: processor time by process, with its children, browsers apart; `lasted_s`: by the clock; `stored`:
    bytes that came to lie in the folder."""

    seconds: dict[str, float] = field(default_factory=dict)
    lasted_s: float = 0.0
    stored: int = 0

    @property
    def busy(self) -> float:
        """The share of this machine's cores that these processes kept busy."""
        return sum(self.seconds.values()) / (self.lasted_s * (os.cpu_count() or 1))

    @property
    def bound_by(self) -> str:
        """Whoever takes most, and whether the cores had nothing left to give."""
        whole = sum(self.seconds.values())
        most = sorted(self.seconds, key=self.seconds.__getitem__, reverse=True)[:3]
        shares = ", ".join(f"{name} {self.seconds[name] / whole:.0%}" for name in most)
        return f"processor time: {os.cpu_count()} cores {self.busy:.0%} busy ({shares})"

    def of(self, findings: int) -> dict[str, object]:
        """What a thousand findings take; multiply by one's own price of a core's hour and a gigabyte."""
        return {
            "core_hours": round(sum(self.seconds.values()) / findings * 1000 / 3600, 3),
            "stored_gb": round(self.stored / findings * 1000 / 1e9, 3),
            "processor_s": {name: round(took / findings * 1000, 1) for name, took in sorted(self.seconds.items())},
        }


@asynccontextmanager
async def spending(pids: Callable[[], Mapping[str, int]], folder: Path) -> AsyncIterator[Spent]:
    """Filled when it is left. `pids`: by name, asked again and again: processes come and go."""
    spent, begun, before = Spent(), time.monotonic(), await asyncio.to_thread(bytes_in, folder)
    first = await asyncio.to_thread(_used, pids())
    last = dict(first)

    async def looking() -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            last.update(await asyncio.to_thread(_used, pids()))

    task = asyncio.create_task(looking())
    try:
        yield spent
    finally:
        task.cancel()
        await asyncio.wait({task})
        last.update(await asyncio.to_thread(_used, pids()))
        sums: dict[str, float] = defaultdict(float)
        for process, used in last.items():
            sums[process[0]] += used - first.get(process, 0.0)
        spent.seconds, spent.lasted_s = dict(sums), time.monotonic() - begun
        spent.stored = await asyncio.to_thread(bytes_in, folder) - before


def _used(pids: Mapping[str, int]) -> dict[tuple[str, Process], float]:
    """Seconds by name and process; numbers of processes are given again, so each has its start with it."""
    found = {}
    for name, pid in pids.items():
        for one in tree(pid):
            with suppress(OSError):  # it has ended meanwhile
                found[CHROMIUM if is_browser(one.pid) else name, one] = cpu_s(one.pid)
    return found


def bytes_in(folder: Path) -> int:
    """On the disk, of all that lies under it."""
    found = 0
    for entry in folder.rglob("*"):
        with suppress(FileNotFoundError):  # it is gone meanwhile
            found += entry.lstat().st_blocks * 512 if entry.is_file() else 0
    return found
