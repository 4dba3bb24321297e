"""The memory of this process and of the browser and decoders that it starts, seen while it works (Linux)."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from shared.browser.processes import tree

EVERY_S = 0.5
OURS = ("chrom", "playwright", "shared.guarded_child")  # of our children; the stack's servers are none of a capture's


@dataclass
class Peak:
    bytes: int = 0


@asynccontextmanager
async def watched() -> AsyncIterator[Peak]:
    peak = Peak()

    async def look() -> None:
        while True:
            peak.bytes = max(peak.bytes, await asyncio.to_thread(_bytes))
            await asyncio.sleep(EVERY_S)

    task = asyncio.create_task(look())
    try:
        yield peak
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _bytes() -> int:
    """Proportional: what processes share counts once among them."""
    mine = os.getpid()
    return sum(_proportional(one.pid) for one in tree(mine) if one.pid == mine or _is_ours(one.pid))


def _is_ours(pid: int) -> bool:
    with suppress(OSError):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        return any(name in command for name in OURS)
    return False


def _proportional(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
