"""Writers of one process, for so long: `python -m benchmarks.auditing.writing URL KIND WRITERS SECONDS SEED`.

KIND: many (lines of many cases), one (all of one chain), plain (the same columns into a table without any chain).
Prints {"lines", "seconds", "p50_ms", "p99_ms"}.
"""

import asyncio
import json
import random
import sys
import time
from uuid import UUID

import sqlalchemy as sa

from services.gateway import history
from services.gateway.agencies.scoping import EVERYTHING
from services.gateway.audit import Action
from shared.database import Database, Transaction

CASES = 20_000
DETAILS = {"notices": ["a" * 64], "round": 0, "note": "the lantern parcel waits at gate seven"}
PLAIN = sa.text(
    "INSERT INTO plain_lines (chain, seq, at, actor, action, details, prev_hash, hash) "
    "VALUES (:chain, :seq, :at, :actor, :action, :details, :hash, :hash)"
)


async def write(database: Database, kind: str, until: float, chosen: random.Random, took: list[float]) -> None:
    while (began := time.perf_counter()) < until:
        chain = UUID(int=1 if kind == "one" else chosen.randrange(CASES) + 2)
        async with database.transaction() as tx:
            if kind == "plain":
                await plain(tx, chain, chosen.randrange(2**31))
            else:
                await history.append(tx, chain, "reviewer-1", Action.APPROVED, DETAILS)
        took.append(time.perf_counter() - began)


async def plain(tx: Transaction, chain: UUID, seq: int) -> None:
    line = {"chain": chain, "seq": seq, "at": tx.clock.now(), "actor": "reviewer-1", "action": "notices-approved"}
    await tx.execute(PLAIN, {**line, "details": json.dumps(DETAILS), "hash": "0" * 64})


async def main(url: str, kind: str, writers: int, seconds: float, seed: int) -> None:
    database = Database(url, "/haetae/gateway", settings=EVERYTHING)
    took: list[float] = []
    began = time.perf_counter()
    until = began + seconds
    await asyncio.gather(
        *(write(database, kind, until, random.Random(seed * 100 + one), took) for one in range(writers))
    )
    lasted = time.perf_counter() - began
    await database.close()
    took.sort()
    p50, p99 = (round(1000 * took[int(len(took) * part)], 2) for part in (0.5, 0.99))
    print(json.dumps({"lines": len(took), "seconds": round(lasted, 2), "p50_ms": p50, "p99_ms": p99}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])))
