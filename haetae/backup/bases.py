"""Base backups of PostgreSQL, sealed on their way into the archive, and the log that brings them up to date."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO, LiteralString

import psycopg
from psycopg.rows import TupleRow

from deploy.local import sealed_log
from deploy.local.access import libpq_url
from deploy.local.archive import Archive, tool, with_password
from deploy.local.described import description
from deploy.local.home import PRIVATE_FOLDER
from deploy.local.sealed import MAX_DATA, NotSealed, Run, frames, opened, signed
from deploy.local.segments import SEGMENT_BYTES, missing, segment
from shared.plain_files import open_plain, read_plain

STAMP = "%Y%m%dT%H%M%S.%fZ"
SEALED, TOLD = "base.sealed", "base.json"


@dataclass(frozen=True)
class Base:
    """`made_at`: when it was whole, by the server's clock; no earlier moment can be restored from it. `timeline`,
    `start`: where its log begins, or shortly before."""

    path: Path
    made_at: datetime
    timeline: int
    start: int

    @property
    def first_segment(self) -> str:
        return segment(self.timeline, self.start // SEGMENT_BYTES)

    @property
    def bytes(self) -> int:
        return sum(file.lstat().st_size for file in self.path.iterdir())


def bases(archive: Archive) -> list[Base]:
    """The oldest first. Raises `ValueError` for one that cannot be read, or that this archive's key did not write."""
    folders = sorted(archive.bases.iterdir()) if archive.bases.is_dir() else []
    return [_read(folder, archive) for folder in folders if not folder.name.endswith(".part")]


def take(archive: Archive, url: str, now: datetime) -> Base:
    """A new one, whole or not there at all. Raises `OSError` with what the tool said."""
    archive.bases.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    for left in archive.bases.glob("*.part"):
        shutil.rmtree(left)
    name, life = now.astimezone(UTC).strftime(STAMP), description(archive).life
    part = archive.bases / f"{name}.part"
    part.mkdir(mode=PRIVATE_FOLDER)
    start = position(url)  # before its checkpoint: the log from here on is in the archive
    command = tool(
        "pg_basebackup", url, "--pgdata=-", "--format=tar", "--compress=client-gzip:1", "--wal-method=fetch",
        "--checkpoint=fast", "--manifest-checksums=SHA256",
    )  # fmt: skip
    with (part / SEALED).open("xb") as file, _output(command, with_password(url)) as tar:
        _seal(tar, file, Run(archive.key, life), f"{name}/{SEALED}")
    (whole_at,) = row(url, "SELECT clock_timestamp()")
    told = {"life": life, "name": name, "start": start, "whole_at": whole_at.isoformat()}
    with (part / TOLD).open("xb") as file:  # never through a link that somebody put there meanwhile
        file.write(signed(archive.key, TOLD, told))
        file.flush()
        os.fsync(file.fileno())
    return _read(part.rename(archive.bases / name), archive)


def pieces(archive: Archive, base: Base) -> Iterator[bytes]:
    """Its tar, gzipped, piece by piece. Raises `NotSealed` where it is not as it was written, or was cut short."""
    name, last = f"{base.path.name}/{SEALED}", False
    with open_plain(base.path / SEALED) as file:
        for number, frame in enumerate(frames(archive.key, description(archive).life, name, file)):
            if last or frame.place != number:
                raise NotSealed(f"{name}: piece {frame.place:,} is where piece {number:,} was")
            last = frame.last
            yield frame.data
    if not last:
        raise NotSealed(f"{name} was cut short")


def verify(archive: Archive, base: Base) -> None:
    """Every byte of it is as this archive's key sealed it. Raises `OSError`, `NotSealed`."""
    for _ in pieces(archive, base):
        pass


def prune(archive: Archive, keep: int) -> int:
    """Give up all but the newest `keep` bases, and the log before them; how many bases went. What was erased from the
    database is gone from the archive when the bases from before are."""
    known = bases(archive)
    for base in known[:-keep]:
        shutil.rmtree(base.path)
    if len(known) > keep:
        for name in sealed_log.names(archive.wal):
            if name < known[-keep].first_segment:
                (archive.wal / name).unlink()
    return max(0, len(known) - keep)


def gap(archive: Archive, base: Base) -> str | None:
    """The first segment of the log that is missing between the base and the newest one; None when it is whole."""
    return missing(base.timeline, base.start // SEGMENT_BYTES, set(sealed_log.names(archive.wal)))


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


@contextmanager
def _output(command: Sequence[str | Path], env: Mapping[str, str]) -> Iterator[IO[bytes]]:
    """What it writes. Raises `OSError` with what it said when it did not end well."""
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603  # PostgreSQL's tools with our arguments
            command, env=env, stdout=subprocess.PIPE, stderr=said, cwd="/"
        ) as running,
    ):
        if running.stdout is not None:  # always: it is a pipe
            yield running.stdout
        if running.wait() != 0:
            said.seek(0)
            why = said.read().decode(errors="replace").strip()
            raise OSError(f"{Path(command[0]).name} failed with {running.returncode}: {why}")


def _seal(tar: IO[bytes], file: BinaryIO, sealing: Run, name: str) -> None:
    number, now = 0, tar.read(MAX_DATA)
    while then := tar.read(MAX_DATA):
        file.write(sealing.frame(name, number, now))
        number, now = number + 1, then
    file.write(sealing.frame(name, number, now, last=True))
    file.flush()
    os.fsync(file.fileno())


def _read(folder: Path, archive: Archive) -> Base:
    life, name = description(archive).life, folder.name.removesuffix(".part")
    try:
        told = opened(archive.key, TOLD, lambda: read_plain(folder / TOLD))
        if (told["life"], told["name"]) != (life, name):
            raise NotSealed(f"it is {told['name']} of {told['life']}")
        begun_at = datetime.strptime(name, STAMP).replace(tzinfo=UTC)
        made_at = datetime.fromisoformat(str(told["whole_at"])) if "whole_at" in told else begun_at  # it was not told
        return Base(folder, made_at, int(life.rpartition("/")[2], 16), int(str(told["start"])))
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"{folder} is no base backup of this archive ({error}): remove it, or take another copy of it"
        ) from error
