"""Seeds in several processes, each with a database of its own."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing.queues import Queue

import structlog

from tests.support.interleaving.house import Told, house
from tests.support.stack import Migrated

PORTION = 25

_mine: list[Migrated] = []


@contextmanager
def runs(urls: Sequence[str], passwords: Mapping[str, str], seeds: range) -> Iterator[Iterator[Told]]:
    """What each seed's order led to, as they come. Who has seen enough leaves; what runs is finished, not begun."""
    spawning = multiprocessing.get_context("spawn")
    queue = spawning.Queue()
    for url in urls:
        queue.put(url)
    pool = ProcessPoolExecutor(len(urls), spawning, initializer=_begin, initargs=(queue, passwords))
    try:
        yield _told([pool.submit(_portion, seeds[at : at + PORTION]) for at in range(0, len(seeds), PORTION)])
    finally:
        pool.shutdown(cancel_futures=True)


def _told(portions: Sequence[Future[list[Told]]]) -> Iterator[Told]:
    for ready in as_completed(portions):
        yield from ready.result()


def quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


# In a process of its own


def _begin(urls: Queue[str], passwords: Mapping[str, str]) -> None:
    quiet()
    _mine.append(Migrated(urls.get(), dict(passwords)))


def _portion(seeds: range) -> list[Told]:
    """Up to the first that breaks a promise."""
    return asyncio.run(_orders(seeds))


async def _orders(seeds: range) -> list[Told]:
    told: list[Told] = []
    async with house(_mine[0]) as made:
        for seed in seeds:
            told.append(await made.run(seed))
            if told[-1].wrong:
                break
    return told
