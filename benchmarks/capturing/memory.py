"""The memory of this process and of the browser and decoders that it starts, seen while it works (Linux)."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import pss_mb
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
    whole = 0.0
    for one in tree(mine):
        with suppress(OSError):  # it has ended meanwhile
            whole += pss_mb(one.pid) if one.pid == mine or _is_ours(one.pid) else 0.0
    return round(whole * 2**20)


def _is_ours(pid: int) -> bool:
    with suppress(OSError):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        return any(name in command for name in OURS)
    return False
