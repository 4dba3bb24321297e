"""A thread of one's own for work that cannot be stopped, and patience with it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")


class Overdue(Exception):
    """The work is not done in time. It goes on: a thread cannot be stopped."""


class OneThread:
    """One piece of work at a time, in the order of their coming; each may take `seconds`, by the clock. What comes
    after work that is overdue waits for it as long, and then is overdue itself: nothing piles up behind it."""

    def __init__(self, name: str, seconds: float) -> None:
        self._thread, self._seconds = ThreadPoolExecutor(1, name), seconds
        self._turn = asyncio.Lock()
        self._last: asyncio.Future[Any] | None = None

    async def run(self, work: Callable[[], Result]) -> Result:
        """Raises `Overdue`, and what the work raises."""
        async with self._turn:
            if self._last and not await self._done(self._last):
                raise Overdue
            future = self.start(work)
            self._last = future
            if not await self._done(future):
                raise Overdue
            return future.result()

    def start(self, work: Callable[[], Result]) -> "asyncio.Future[Result]":
        """Without limit: for what is loaded before anything is asked."""
        return asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _done(self, future: "asyncio.Future[Result]") -> bool:
        done, _ = await asyncio.wait({future}, timeout=self._seconds)
        return bool(done)
