"""A cluster out of an archive: the newest base, then the log up to its last record. The archive is only read."""

import asyncio
import shlex
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local.access import libpq_url
from deploy.local.archive import Archive
from deploy.local.home import PRIVATE_FOLDER, Home, write_private
from deploy.local.postgres import make_reachable, unprivileged
from haetae.backup import bases, escrow

POLL_S = 0.2
# Replaying a day's log of a busy agency takes minutes; an operator sees it move and may stop it.
LONGEST_S = 6 * 3600.0
OWN = ("restore_command", "recovery_target_time", "recovery_target_action")


def base_for(archive: Archive, until: datetime | None) -> bases.Base:
    """The newest that was made before. Raises `ValueError` when there is none, or its log has a gap."""
    known = [base for base in bases.bases(archive) if until is None or base.made_at < until]
    if not known:
        before = f" from before {until:%Y-%m-%d %H:%M:%S %Z}" if until else ""
        raise ValueError(f"there is no base backup{before} in {archive.bases}: `haetae backup create` makes them")
    base = known[-1]
    if name := bases.gap(archive, base):
        raise ValueError(
            f"{archive.wal}: {name} is missing, so that the log ends before it; find that file, "
            "or move what comes after it away and restore up to there"
        )
    return base


def settle(home: Home, archive: Archive, key_file: Path) -> None:
    """Its secrets into the home. Raises `ValueError` for a home that has data, or other secrets, of its own."""
    taken = [name for name in ("postgres", "s3") if (home.path / name).exists()]
    if taken:
        raise ValueError(f"{home.path} has {' and '.join(taken)} already: move them away, or give another --home")
    secrets = escrow.secrets_of(archive, key_file)
    own = home.given(escrow.MASTER)
    if own and own != secrets.get(escrow.MASTER):
        raise ValueError(f"{home.path}/secrets.json has another master key than the archive: give another --home")
    home.take_secrets(secrets)


def lay_out(archive: Archive, base: bases.Base, data: Path, until: datetime | None = None) -> None:
    """A data folder that recovers itself when PostgreSQL is started on it."""
    bases.verify(base)
    data.mkdir(mode=PRIVATE_FOLDER)
    for part in sorted(base.path.glob("*.tar.gz")):
        bases.run(["tar", "--extract", "--gzip", "--no-same-owner", "--file", part, "--directory", data])
    wal = shlex.quote(str(archive.wal.resolve()))
    fetch = f"cp {wal}/%f %p 2>/dev/null || cp {wal}/%f.partial %p 2>/dev/null"
    lines = [f"restore_command = {_quoted(fetch)}", "recovery_target_action = 'promote'"]
    if until:
        lines.append(f"recovery_target_time = {_quoted(until.astimezone(UTC).isoformat())}")
    settings = data / "postgresql.auto.conf"
    write_private(settings, settings.read_text() + "\n".join(lines) + "\n")
    (data / "recovery.signal").touch(mode=0o600)
    _, run_as = unprivileged()
    if run_as:
        owner = f"{run_as.uid}:{run_as.gid}"
        subprocess.run(["chown", "--recursive", owner, data], check=True)  # noqa: S603, S607  # our own folder
        make_reachable(data, run_as)


@dataclass(frozen=True)
class Reached:
    """The byte of the log up to which it was replayed, and when the last transaction in it had ended; None and 0 where
    the base alone was there."""

    position: int
    ended: datetime | None


async def recovered(url: str, archive: Archive, until: datetime | None = None) -> Reached:
    """Waits until the log is replayed, and lets go of the archive. Raises `ValueError` when it ended before its time:
    PostgreSQL takes a file that it cannot read for the end of the log."""
    begun = time.monotonic()
    while not (reached := await asyncio.to_thread(_look, url)):
        if time.monotonic() - begun > LONGEST_S:
            raise TimeoutError("PostgreSQL still replays its log; its own log says how far it is")
        await asyncio.sleep(POLL_S)
    if until is None and (last := bases.last_segment(archive)) > reached.position // bases.SEGMENT_BYTES + 1:
        raise ValueError(
            f"the log was replayed up to byte {reached.position:,} only, {archive.wal} goes on to segment {last:,}: "
            "may the user that runs PostgreSQL read that folder? Its log says what it could not read"
        )
    return reached


def _look(url: str) -> Reached | None:
    under_way, position, ended = bases.row(
        url, "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() - '0/0', pg_last_xact_replay_timestamp()"
    )
    if under_way:
        return None
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        for name in OWN:
            connection.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))
    return Reached(int(position or 0), ended)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
