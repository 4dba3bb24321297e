"""Base backups of PostgreSQL, and the log that brings them up to date. PostgreSQL's own tools do the work."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow

from deploy.local.access import libpq_url
from deploy.local.archive import Archive, tool, with_password
from deploy.local.home import PRIVATE_FOLDER
from deploy.local.postgres import binaries

STAMP = "%Y%m%dT%H%M%S.%fZ"
SEGMENT_BYTES = 16 * 1024 * 1024  # initdb's default
SEGMENT = re.compile("[0-9A-F]{24}")
SEGMENTS_A_FILE_NUMBER = 0x100000000 // SEGMENT_BYTES


@dataclass(frozen=True)
class Base:
    """`timeline`, `start`: where its log begins, as its manifest says."""

    path: Path
    made_at: datetime
    timeline: int
    start: int

    @property
    def first_segment(self) -> str:
        return segment(self.timeline, self.start // SEGMENT_BYTES)

    @property
    def bytes(self) -> int:
        return sum(file.stat().st_size for file in self.path.iterdir())


def bases(archive: Archive) -> list[Base]:
    """The oldest first. Raises `ValueError` for one that cannot be read."""
    folders = sorted(archive.bases.iterdir()) if archive.bases.is_dir() else []
    return [_read(folder) for folder in folders if not folder.name.endswith(".part")]


def take(archive: Archive, url: str, now: datetime) -> Base:
    """A new one, whole or not there at all. Raises `OSError` with what the tool said."""
    archive.bases.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    part = archive.bases / f"{now.astimezone(UTC).strftime(STAMP)}.part"
    for left in archive.bases.glob("*.part"):
        shutil.rmtree(left)
    command = tool(
        "pg_basebackup", url, "--pgdata", part, "--format=tar", "--compress=client-gzip:1", "--wal-method=fetch",
        "--checkpoint=fast", "--manifest-checksums=SHA256",
    )  # fmt: skip
    run(command, with_password(url))
    return _read(part.rename(part.with_suffix("")))


def verify(base: Base) -> None:
    """Every file against the manifest's SHA-256. Raises `OSError`."""
    run([binaries() / "pg_verifybackup", "--format=tar", "--no-parse-wal", "--quiet", base.path])


def prune(archive: Archive, keep: int) -> int:
    """Give up all but the newest `keep` bases, and the log before them; how many bases went. What was erased from the
    database is gone from the archive when the bases from before are."""
    known = bases(archive)
    for base in known[:-keep]:
        shutil.rmtree(base.path)
    if archive.wal.is_dir() and len(known) > keep:
        run([binaries() / "pg_archivecleanup", archive.wal, known[-keep].first_segment])
    return max(0, len(known) - keep)


def gap(archive: Archive, base: Base) -> str | None:
    """The first segment of the log that is missing between the base and the newest one; None when it is whole."""
    return missing(base.timeline, base.start // SEGMENT_BYTES, _segments(archive))


def last_segment(archive: Archive) -> int:
    """Its number; 0 where there is no log."""
    last = max(_segments(archive), default=segment(0, 0))
    return int(last[8:16], 16) * SEGMENTS_A_FILE_NUMBER + int(last[16:], 16)


def _segments(archive: Archive) -> set[str]:
    names = {file.name.removesuffix(".partial") for file in archive.wal.glob("*")}
    return {name for name in names if SEGMENT.fullmatch(name)}


def missing(timeline: int, first: int, names: set[str]) -> str | None:
    """Of one timeline: an archive holds one life of a cluster."""
    own = sorted(name for name in names if name.startswith(f"{timeline:08X}"))
    number = first
    while own and (name := segment(timeline, number)) <= own[-1]:
        if name not in names:
            return name
        number += 1
    return None


def segment(timeline: int, number: int) -> str:
    """The name of a log file (PostgreSQL, `XLogFileName`)."""
    return f"{timeline:08X}{number // SEGMENTS_A_FILE_NUMBER:08X}{number % SEGMENTS_A_FILE_NUMBER:08X}"


def position(url: str) -> int:
    """Up to where the server's log is on its own disk: what is acknowledged lies before."""
    return int(row(url, "SELECT pg_current_wal_flush_lsn() - '0/0'")[0])


def row(url: str, question: LiteralString) -> TupleRow:
    """The one row of the answer."""
    with psycopg.connect(libpq_url(url)) as connection:
        found = connection.execute(question).fetchone()
    if found is None:
        raise LookupError(question)
    return found


def run(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd="/")  # noqa: S603  # PostgreSQL's tools with our arguments
    if done.returncode != 0:
        raise OSError(f"{Path(command[0]).name} failed with {done.returncode}: {done.stderr.strip()}")


def _read(folder: Path) -> Base:
    try:
        (log, *_) = json.loads((folder / "backup_manifest").read_text())["WAL-Ranges"]
        high, low = (int(part, 16) for part in log["Start-LSN"].split("/"))
        made_at = datetime.strptime(folder.name.removesuffix(".part"), STAMP).replace(tzinfo=UTC)
        return Base(folder, made_at, int(log["Timeline"]), (high << 32) + low)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{folder} is no base backup ({error!r}): remove it, or take another copy of it") from error
