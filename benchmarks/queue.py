"""The queue: claims and lists of 16 reviewers among a million waiting cases, real tables, row-level security on.

Over HTTP at the pace of people who hurry (`http`: a claim and a page of fifty rows every two seconds each), over HTTP
without think time (`http_closed_loop`: 16 requests always under way, so that each waits for the 15 others), and by the
gateway's own code without HTTP in two processes (`code`, what is claimed there is counted: nothing twice). `floor`: a
program of two plain statements on a slim table of its own, without care, tenants, leases that end or live updates.
The database keeps its promises (fsync on). `ratio`: how many times the code's claims take the floor's, median.
Ten million, with as many claims: `python -m benchmarks.queue --cases 10000000`.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.harness import HOME, Figure
from benchmarks.postgres import postgres
from benchmarks.queueing.filling import fill
from benchmarks.queueing.plans import plans
from benchmarks.queueing.timing import told
from benchmarks.queueing.web import PASSWORD, reviewers
from deploy.local.access import libpq_url
from services.gateway import sessions
from services.gateway.accounts import create_account
from services.gateway.agencies.scoping import EVERYTHING
from shared.database import Database

CASES, QUICK_CASES = 1_000_000, 50_000
CLAIMS, QUICK_CLAIMS = 100_000, 2_000
FLOOR_CLAIMS, QUICK_FLOOR_CLAIMS = 20_000, 2_000
REVIEWERS, PROCESSES = 16, 2
HTTP_S, QUICK_HTTP_S = 60.0, 8.0
THINK_S = 2.0  # between two claims of one person: nobody decides a case faster
ASKED_MS = 50.0
BOUND = "two cores for database, application and clients together: each claim is a commit, and six more round trips"


def measure(quick: bool, home: Path, cases: int | None = None) -> Figure:
    """`cases`: how many wait; None for a million, or for few when quick."""
    return asyncio.run(_measure(quick, home, cases or (QUICK_CASES if quick else CASES)))


async def _measure(quick: bool, home: Path, cases: int) -> Figure:
    async with postgres("gateway", home) as server:
        await asyncio.to_thread(fill, server.owner, cases)
        return await _figure(server.url, server.owner, server.folder, quick, cases)


async def _figure(url: str, owner: str, folder: Path, quick: bool, cases: int) -> Figure:
    tokens = await tokens_of(url)
    with gateway(url, folder) as address:
        lasting = QUICK_HTTP_S if quick else HTTP_S
        await over_http(address, url, tokens, 2.0, 0.0)  # prepared statements, caches
        paced = await over_http(address, url, tokens, lasting, THINK_S)
        closed = await over_http(address, url, tokens, lasting / 4, 0.0)
    ours = await asyncio.to_thread(_program, "ours", url, QUICK_CLAIMS if quick else CLAIMS)
    floor = await asyncio.to_thread(_program, "floor", owner, QUICK_FLOOR_CLAIMS if quick else FLOOR_CLAIMS)
    claimed = [*ours.pop("claimed_cases"), *paced.pop("claimed_cases"), *closed.pop("claimed_cases")]
    floor.pop("claimed_cases")
    return Figure(
        name="queue",
        unit="ms, a claim over HTTP by one of 16 reviewers at the pace of people, p99",
        ours=paced["claim"]["p99_ms"],
        peers={"closed loop of the code, median": ours["claim"]["p50_ms"]},
        floor=floor["claim"]["p50_ms"],
        lower_is_better=True,
        bound_by=BOUND,
        detail={
            "cases": cases,
            "http": paced,
            "http_closed_loop": closed,
            "code": ours,
            "plain_sql": floor,
            "code_to_plain_sql": round(ours["claim"]["p50_ms"] / floor["claim"]["p50_ms"], 2),
            "asked_ms": ASKED_MS,
            "claims": len(claimed),
            "claimed_twice": len(claimed) - len(set(claimed)),
            "plans": await asyncio.to_thread(plans, libpq_url(url)),
        },
    )


async def tokens_of(url: str) -> list[str]:
    database = Database(url, "/haetae/gateway", settings=EVERYTHING)
    tokens = []
    for number in range(REVIEWERS):
        await create_account(database, f"reviewer-{number}", PASSWORD, ["reviewer"])
        tokens.append((await sessions.log_in(database, f"reviewer-{number}", PASSWORD, "192.0.2.1")).token)
    await database.close()
    return tokens


async def over_http(address: str, url: str, tokens: Sequence[str], lasting_s: float, think_s: float) -> dict[str, Any]:
    """`url`: of the gateway's database, where what was claimed is decided."""
    database = Database(url, "/haetae/gateway", settings=EVERYTHING)
    began = time.perf_counter()
    claimed, listed = await reviewers(address, database, tokens, lasting_s, think_s)
    lasted = time.perf_counter() - began
    await database.close()
    return {
        "claim": told(claimed.seconds, lasted),
        "list": told(listed.seconds, lasted),
        "claimed_cases": claimed.claimed,
    }


@contextmanager
def gateway(url: str, folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.queueing.web", url, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or process.stdin is None:
            raise SystemExit("the gateway has no pipes")
        port = process.stdout.readline().strip()
        if not port:
            raise SystemExit("the gateway did not start")
        yield f"http://127.0.0.1:{port}"
        process.stdin.close()


def _program(kind: str, url: str, claims: int) -> dict[str, Any]:
    each = (str(REVIEWERS // PROCESSES), str(claims // PROCESSES))
    command = [sys.executable, "-m", "benchmarks.queueing.worker", kind, url, *each]
    began = time.perf_counter()
    running = [subprocess.Popen([*command, f"{kind}{n}"], stdout=subprocess.PIPE, text=True) for n in range(PROCESSES)]
    said = [json.loads(process.communicate()[0]) for process in running]
    lasted = time.perf_counter() - began
    return {
        "claim": told([s for one in said for s in one["claimed"]["seconds"]], lasted),
        "list": told([s for one in said for s in one["listed"]["seconds"]], lasted),
        "claimed_cases": [case for one in said for case in one["claimed"]["claimed"]],
    }


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.queue", description=__doc__)
    asked.add_argument("--quick", action="store_true", default=os.environ.get("QUICK") == "1")
    asked.add_argument("--cases", type=int, help="how many wait (a million)")
    given = asked.parse_args()
    print(measure(given.quick, HOME, given.cases).line())


if __name__ == "__main__":
    main()
