"""Visits of this process: begun, and done but not yet written down."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from services.crawler.visit import Check, Checked, Known, Visited

log = structlog.get_logger(__name__)

GATHER_S = 0.01  # for what ends at nearly the same time: one transaction then serves many visits

Job = Known | Check
Done = Visited | Checked
Work = Callable[[Job], Awaitable[Done]]


@dataclass(frozen=True)
class Finished:
    """`put_off`: what was found could not be written down, and `done` says so instead."""

    key: str
    done: Done
    trace: dict[str, str]
    put_off: bool = False


class InHand:
    def __init__(self, most: int) -> None:
        self._room = asyncio.Semaphore(most)
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._finished: list[Finished] = []
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._jobs)

    def has(self, key: str) -> bool:
        return key in self._jobs

    @property
    def pages(self) -> Sequence[str]:
        return [job.url for job in self._jobs.values() if isinstance(job, Known)]

    @property
    def checks(self) -> Sequence[UUID]:
        return [job.check_id for job in self._jobs.values() if isinstance(job, Check)]

    @property
    def hosts(self) -> Sequence[str]:
        return [job.host if isinstance(job, Check) else job.watched.site.host for job in self._jobs.values()]

    async def begin(self, key: str, job: Job, trace: dict[str, str], work: Work) -> None:
        """Returns when there is room for it and it has begun."""
        await self._room.acquire()
        self._jobs[key] = job
        task = asyncio.create_task(self._do(key, job, trace, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, key: str, job: Job, trace: dict[str, str], work: Work) -> None:
        try:
            done = await work(job)
            self._finished.append(Finished(key, done, trace))
            self._news.set()
        except Exception:
            # Its lease runs out, and it is due again.
            log.exception("a visit failed", key=key)
            self._jobs.pop(key, None)
        finally:
            self._room.release()

    async def finished(self, wait_s: float) -> list[Finished]:
        """What is done since the last call; waits for something, but not longer than that."""
        try:
            async with asyncio.timeout(wait_s):
                await self._news.wait()
            await asyncio.sleep(GATHER_S)
        except TimeoutError:
            pass
        self._news.clear()
        taken, self._finished = self._finished, []
        return taken

    def forget(self, written: Sequence[Finished]) -> None:
        for one in written:
            self._jobs.pop(one.key, None)

    async def stop(self, within_s: float) -> None:
        """Let visits come to their end; break off those that do not."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
