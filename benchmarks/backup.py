"""What it costs that nothing acknowledged can be lost: a small commit with the archive waited for.

Ours: each commit waits until its log is flushed in the archive too (`haetae backup into`). Peers: the archive follows
without being waited for (`--no-wait`), and no archive at all. PostgreSQL's own `pgbench` writes rows of 500 bytes, with
one disk for both, fsync on: the two flushes come one after the other. Rounds alternate, the middle of each counts.
"""

import asyncio
import re
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy.engine import make_url

from benchmarks.harness import Figure, alone
from deploy.local.archive import Archive, remember, with_password
from deploy.local.home import Home
from deploy.local.postgres import binaries
from deploy.local.stack import Stack
from haetae.backup import escrow, work

ROUNDS, QUICK_ROUNDS = 5, 2
SECONDS, QUICK_SECONDS = 6, 3
WRITERS = 8  # connections of one service
TABLE = "CREATE TABLE written (id bigserial PRIMARY KEY, said text)"
WRITE = "INSERT INTO written (said) VALUES (repeat('x', 500));\n"
WAITED, FOLLOWED, NONE = "archive waited for", "archive not waited for", "no archive"
MANNERS = {WAITED: True, FOLLOWED: False, NONE: None}


def measure(quick: bool, home: Path) -> Figure:
    home.mkdir(parents=True, exist_ok=True)
    taken: dict[tuple[str, int], list[float]] = {}
    for _ in range(QUICK_ROUNDS if quick else ROUNDS):
        for manner, waits in MANNERS.items():
            found = asyncio.run(_round(home, waits, QUICK_SECONDS if quick else SECONDS))
            for writers, ms in found.items():
                taken.setdefault((manner, writers), []).append(ms)
    middle = {key: round(statistics.median(values), 2) for key, values in taken.items()}
    return Figure(
        name="a commit with the archive waited for",
        unit="ms",
        ours=middle[WAITED, 1],
        peers={manner: middle[manner, 1] for manner in (FOLLOWED, NONE)},
        floor=None,
        lower_is_better=True,
        bound_by="a second flush, on the archive's disk, after the first",
        detail={f"{manner}, {WRITERS} writers": middle[manner, WRITERS] for manner in MANNERS},
        against=NONE,
    )


async def _round(home: Path, waits: bool | None, seconds: int) -> dict[int, float]:
    """Milliseconds a commit, by how many write at once."""
    folder = Path(tempfile.mkdtemp(dir=home)).absolute()
    try:
        if waits is not None:
            escrow.new_key(folder / "key")
            recipient, key = escrow.read_servers_half(folder / "key.server")
            archive = Archive(folder / "archive", waits, key)
            work.begin(archive, recipient)
            own = Home(folder / "home")
            remember(own, archive)
            own.release()
        async with Stack(folder / "home", parts=["postgres"], environ={}) as stack:
            return await asyncio.to_thread(_written, stack.env["HAETAE_DATABASE_URL"], folder, seconds)
    finally:
        shutil.rmtree(folder)


def _written(url: str, folder: Path, seconds: int) -> dict[int, float]:
    at, script = make_url(url), folder / "write.sql"
    script.write_text(WRITE)
    server = ["-h", str(at.host), "-p", str(at.port), "-U", str(at.username)]
    _run([binaries() / "psql", *server, "-d", str(at.database), "-qc", TABLE], url)
    found = {}
    for writers in (1, WRITERS):
        asked: list[str | Path] = ["-n", "-f", script, "-T", str(seconds), "-c", str(writers), str(at.database)]
        said = _run([binaries() / "pgbench", *server, *asked], url)
        found[writers] = float(re.findall(r"latency average = ([\d.]+) ms", said)[0])
    return found


def _run(command: list[str | Path], url: str) -> str:
    return subprocess.run(command, env=with_password(url), capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    alone(measure)
