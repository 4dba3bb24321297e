"""Open pages that hear what happens: ten thousand listeners of one gateway, while 16 reviewers claim and list.

Every claim is one event, heard by every listener of the agency. Each listener, a bare socket in another process, counts
its events and looks at their order; what it should have heard is counted in the database. Beside it the same reviewers
while nobody listens: `ratio` is how much slower a claim is with all of them (p99).
"""

import asyncio
import hashlib
import json
import os
import resource
import secrets
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.harness import Figure, alone
from benchmarks.postgres import postgres
from benchmarks.queue import THINK_S, gateway, over_http, tokens_of
from benchmarks.queueing.filling import fill
from services.gateway.live.hub import MOST_OF_ONE

CASES = 20_000
LISTENERS, QUICK_LISTENERS = 10_000, 1_000
LASTING_S, QUICK_LASTING_S = 60.0, 10.0
SETTLE_S = 12.0  # the slowest telling of ten thousand, thrice
ACCOUNT = """
INSERT INTO gateway.accounts (login, password_hash, roles, pseudonym, scripted, created_at, agency)
VALUES (%(login)s, NULL, '{reviewer}', %(login)s, false, now(), 'home')
"""
SESSION = """
INSERT INTO gateway.sessions (token_hash, session_id, login, kind, about, created_at, seen_at, proved_at, expires_at)
VALUES (%(digest)s, gen_random_uuid(), %(login)s, 'program', '', now(), now(), now(), now() + interval '2 hours')
"""


def measure(quick: bool, home: Path) -> Figure:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return asyncio.run(_measure(quick, home))


async def _measure(quick: bool, home: Path) -> Figure:
    async with postgres("gateway", home) as server:
        await asyncio.to_thread(fill, server.owner, CASES)
        return await _figure(server.url, server.owner, server.folder, quick)


async def _figure(url: str, owner: str, folder: Path, quick: bool) -> Figure:
    wanted, lasting = (QUICK_LISTENERS, QUICK_LASTING_S) if quick else (LISTENERS, LASTING_S)
    reviewers = await tokens_of(url)
    file = folder / "tokens"
    file.write_text("\n".join(_sessions(owner, wanted // MOST_OF_ONE)))
    with gateway(url, folder) as address:
        asking = partial(over_http, address, url, reviewers)
        await asking(2.0, 0.0)
        nobody = await asking(lasting / 2, THINK_S)
        port = address.rpartition(":")[2]
        heard, busy, asked = await _while_listening(port, file, owner, asking(lasting, THINK_S))
        memory = _resident_mb(address)
    return Figure(
        name="listeners",
        unit="ms, a claim over HTTP while all listen, p99",
        ours=busy["claim"]["p99_ms"],
        peers={"while nobody listens": nobody["claim"]["p99_ms"]},
        floor=None,
        lower_is_better=True,
        bound_by="one process tells everybody: a write to each socket, some tens of microseconds of one core",
        detail={
            "listeners": wanted,
            "heard": heard,
            "events_asked": asked,
            "lost": sum((asked - int(n)) * of for n, of in heard["events"].items()),
            "busy": {name: busy[name] for name in ("claim", "list")},
            "nobody": {name: nobody[name] for name in ("claim", "list")},
            "gateway_mb": memory,
            "open_files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        },
    )


@dataclass(frozen=True)
class Ears:
    process: subprocess.Popen[str]

    def readline(self) -> str:
        return self.process.stdout.readline() if self.process.stdout else ""

    def end(self) -> None:
        if self.process.stdin:
            self.process.stdin.write("\n")
            self.process.stdin.flush()


@contextmanager
def ears(port: str, tokens: Path) -> Iterator[Ears]:
    command = [sys.executable, "-m", "benchmarks.listening.ears", port, str(tokens), str(MOST_OF_ONE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Ears(process)


async def _while_listening(
    port: str, tokens: Path, owner: str, asking: Coroutine[Any, Any, dict[str, Any]]
) -> tuple[dict[str, Any], dict[str, Any], int]:
    with ears(port, tokens) as listening:
        opened = json.loads(await asyncio.to_thread(listening.readline))
        before = _changes(owner)
        busy = await asking
        asked = _changes(owner) - before
        await asyncio.sleep(SETTLE_S)
        listening.end()
        heard = json.loads(await asyncio.to_thread(listening.readline))
    return heard | opened, busy, asked


def _sessions(owner: str, accounts: int) -> list[str]:
    tokens = [secrets.token_urlsafe(32) for _ in range(accounts)]
    with psycopg.connect(owner) as connection:
        for number, token in enumerate(tokens):
            row = {"login": f"listener-{number}", "digest": hashlib.sha256(token.encode()).hexdigest()}
            connection.execute(ACCOUNT, row)
            connection.execute(SESSION, row)
    return tokens


def _changes(owner: str) -> int:
    with psycopg.connect(owner) as connection:
        row = connection.execute("SELECT count(*) FROM gateway.changes WHERE agency = 'home'").fetchone()
        return int(row[0]) if row else 0


def _resident_mb(address: str) -> float:
    """Of the gateway's process: the one that listens there."""
    port = address.rpartition(":")[2]
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        if b"benchmarks.queueing.web" in status.read_bytes() and str(os.getpid()) in _parent(status.parent):
            lines = (status.parent / "status").read_text().splitlines()
            return round(next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024, 1)
    raise SystemExit(f"nobody listens on {port}")


def _parent(process: Path) -> str:
    return next(line.split()[1] for line in (process / "status").read_text().splitlines() if line.startswith("PPid"))


if __name__ == "__main__":
    alone(measure)
