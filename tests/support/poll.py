"""Waiting for something that other processes bring about, without fixed sleeps."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

INTERVAL_SECONDS = 0.02


async def eventually(holds: Callable[[], object | Awaitable[object]], seconds: float = 20.0) -> None:
    """Return once `holds()` (plain or async) is true; AssertionError with what it said last when it never is."""
    end, last = time.monotonic() + seconds, None
    while time.monotonic() < end:
        last = holds()
        if inspect.isawaitable(last):
            last = await last
        if last:
            return
        await asyncio.sleep(INTERVAL_SECONDS)
    raise AssertionError(f"not within {seconds} s; last: {last!r}")
