"""The audit history: lines appended a second by 16 writers with everything on, and how long a million are checked.

On while they write: the chain of each case, the place in the tree, signed heads with their outbox rows, the checks in
the background. `one_chain`: the worst case, all 16 on one lock. Peer: the same columns into a table without any chain.
Then an export of a million lines is checked by the offline verifier against kept heads, and pages of the search are
explained among some millions of real lines. The database keeps its promises (fsync on).
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.auditing import made, plans
from benchmarks.harness import Figure, alone
from benchmarks.postgres import postgres
from deploy.local.access import libpq_url
from services.gateway.agencies.scoping import EVERYTHING
from services.gateway.tree.tasks import Keeper
from shared.clock import SystemClock
from shared.database import Database
from shared.handling import Context
from shared.stamps.stamping import Stamping

PROCESSES, WRITERS = 2, 8  # of each: a connection a writer
SECONDS, QUICK_SECONDS = 20.0, 4.0
LINES, QUICK_LINES = 1_000_000, 50_000
ROWS, QUICK_ROWS = 5_000_000, 100_000
ASKED_S = 30.0
BOUND = "two cores for writers, database and keeper together; each line is a commit of its own"
PLAIN = (
    "CREATE TABLE gateway.plain_lines (chain uuid, seq integer, at timestamptz, actor text, action text, "
    "details jsonb, prev_hash text, hash text, PRIMARY KEY (chain, seq))"
)


def measure(quick: bool, home: Path) -> Figure:
    return asyncio.run(_measure(quick, home))


async def _measure(quick: bool, home: Path) -> Figure:
    async with postgres("gateway", home) as server:
        written = await _written(server.url, server.owner, quick)
        rows, lines = (QUICK_ROWS, QUICK_LINES) if quick else (ROWS, LINES)
        searched = await asyncio.to_thread(_searched, server.owner, server.url, rows)
        verified = await asyncio.to_thread(_verified, server.folder, lines)
    many, one, plain = (float(str(written[kind]["lines_s"])) for kind in ("many", "one", "plain"))
    return Figure(
        "audit", "lines/s appended, 16 writers", many, {"plain INSERT, no chain": plain}, None, False, BOUND,
        {"written": written, "one_chain_lines_s": one, "verified": verified, "searched": searched},
    )  # fmt: skip


async def _written(url: str, owner: str, quick: bool) -> dict[str, dict[str, Any]]:
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(PLAIN)
    found = {}
    for kind in ("plain", "many", "one"):
        async with _keeping(url) if kind != "plain" else _nothing() as grown:
            found[kind] = await asyncio.to_thread(_writers, url, kind, QUICK_SECONDS if quick else SECONDS)
            found[kind] |= await grown()
    return found


def _writers(url: str, kind: str, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.auditing.writing", url, kind, str(WRITERS), str(seconds)]
    running = [subprocess.Popen([*command, str(one)], stdout=subprocess.PIPE, text=True) for one in range(PROCESSES)]
    told = [json.loads(one.communicate()[0]) for one in running]
    return {
        "lines_s": round(sum(one["lines"] / one["seconds"] for one in told), 1),
        "p50_ms": max(one["p50_ms"] for one in told),
        "p99_ms": max(one["p99_ms"] for one in told),
    }


@asynccontextmanager
async def _nothing() -> AsyncIterator[Any]:
    async def grown() -> dict[str, object]:
        return {}

    yield grown


@asynccontextmanager
async def _keeping(url: str) -> AsyncIterator[Any]:
    """The keeper at work, as in the service."""
    clock, stopped = SystemClock(), False
    database = Database(url, "/haetae/gateway", settings=EVERYTHING)
    context = Context(database, clock, _no_hot_lane, lambda: stopped)
    keeper = Keeper("bench", Ed25519PrivateKey.from_private_bytes(b"b" * 32), Stamping((), 1.0, clock))
    tasks = [asyncio.create_task(work(context)) for work in (keeper.grow, keeper.check, keeper.partition)]

    async def grown() -> dict[str, object]:
        """How long the tree took to have everything once the writers had stopped, and that the checks found nothing."""
        began = time.perf_counter()
        while context.metrics.history_waiting._value.get() or time.perf_counter() - began < 2.0:
            await asyncio.sleep(0.1)
        return {
            "tree_behind_s": round(time.perf_counter() - began, 1),
            "broken": context.metrics.history_broken._value.get(),
        }

    yield grown
    stopped = True
    await asyncio.gather(*tasks)
    await database.close()


async def _no_hot_lane(_: object) -> None:
    raise NotImplementedError("nothing here writes to the hot lane")


def _verified(folder: Path, lines: int) -> Mapping[str, object]:
    export, heads = made.make(folder, lines)
    command = [sys.executable, "-m", "haetae_verify", "history", str(export), "--heads", str(heads), "--json"]
    before, began = _children_s(), time.perf_counter()
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {
        "lines": told["proved"]["lines"],
        "heads": told["proved"]["heads"],
        "kept": told["proved"]["kept"],
        "seconds": round(took, 1),
        "cpu_s": round(_children_s() - before, 1),  # what it takes where nothing else runs
        "a_million_s": round(took / lines * 1_000_000, 1),
        "asked_s": ASKED_S,
        "export_mb": round(export.stat().st_size / 1e6, 1),
        "peak_mb": round(peak),
    }


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _searched(owner: str, url: str, rows: int) -> Mapping[str, object]:
    filled = plans.fill(owner, rows)
    return {"lines": rows, "filled_s": round(filled, 1), "pages": plans.plans(libpq_url(url), rows)}


if __name__ == "__main__":
    alone(measure)
