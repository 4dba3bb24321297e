"""The next case claimed, and a page of the queue, by one reviewer through the gateway's own code."""

import asyncio

from benchmarks.harness import HOME
from benchmarks.postgres import postgres
from benchmarks.queueing.filling import fill
from benchmarks.queueing.worker import ours

CLAIMS, QUICK_CLAIMS = 1_000, 200


async def seconds_of(cases: int, *, quick: bool) -> dict[str, list[float]]:
    async with postgres("gateway", HOME) as server:
        await asyncio.to_thread(fill, server.owner, cases)
        await ours(server.url, 1, 20, "first")  # prepared statements, caches
        claimed, listed = await ours(server.url, 1, QUICK_CLAIMS if quick else CLAIMS, "reviewer")
    return {"claim": claimed.seconds, "list": listed.seconds}
