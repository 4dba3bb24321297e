"""A cluster out of an archive: the newest base, then the log up to its last record. The archive is only read; what
PostgreSQL will see of it is checked before PostgreSQL starts, and what configures PostgreSQL never comes from it."""

import asyncio
import secrets
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local import sealed_log
from deploy.local.access import libpq_url
from deploy.local.archive import Archive
from deploy.local.home import PRIVATE_FOLDER, Home, write_private
from deploy.local.postgres import Postgres, binaries, make_reachable, unprivileged
from deploy.local.segments import SEGMENT_BYTES, number_of
from haetae.backup import bases, escrow, unsealing

POLL_S = 0.2
# Replaying a day's log of a busy agency takes minutes; an operator sees it move and may stop it.
LONGEST_S = 6 * 3600.0
# Of a folder that a base has, and that only we write: PostgreSQL runs what some of them say.
CONFIGURATION = ("postgresql.conf", "postgresql.auto.conf", "pg_hba.conf", "pg_ident.conf")
NEVER_RESTORED = ("recovery.signal", "standby.signal", "postmaster.pid", "postmaster.opts")
OWN = ("restore_command", "recovery_target_time", "recovery_target_action")


def base_for(archive: Archive, until: datetime | None) -> bases.Base:
    """The newest that was whole before. Raises `ValueError` when there is none, or its log has a gap."""
    every = bases.bases(archive)
    known = [base for base in every if until is None or base.made_at < until]
    if every and not known:
        first = every[0].made_at.astimezone(UTC)
        raise ValueError(
            f"no base backup in {archive.bases} was whole by {until:%Y-%m-%d %H:%M:%S %Z}: "
            f"the first moment that can be restored is {first:%Y-%m-%d %H:%M:%S.%f} UTC"
        )
    if not known:
        raise ValueError(f"there is no base backup in {archive.bases}: `haetae backup create` makes them")
    base = known[-1]
    if name := bases.gap(archive, base):
        raise ValueError(
            f"{archive.wal}: {name} is missing, so that the log ends before it; find that file, "
            "or move what comes after it away and restore up to there"
        )
    return base


def settle(home: Home, archive: Archive, key_file: Path) -> None:
    """Its secrets into the home, which is half restored from then on. Raises `ValueError` for a home that is so
    already, or that has data, or other secrets, of its own."""
    if home.half_restored:
        raise ValueError(f"{home.path} is half restored: remove it, or give another --home")
    taken = [name for name in ("postgres", "s3") if (home.path / name).exists()]
    if taken:
        raise ValueError(f"{home.path} has {' and '.join(taken)} already: move them away, or give another --home")
    kept = escrow.secrets_of(archive, key_file)
    own = home.given(escrow.MASTER)
    if own and own != kept.get(escrow.MASTER):
        raise ValueError(f"{home.path}/secrets.json has another master key than the archive: give another --home")
    home.begin_restoring()
    home.take_secrets(kept)


def lay_out(archive: Archive, base: bases.Base, data: Path, until: datetime | None = None) -> None:
    """A data folder that recovers itself when PostgreSQL is started on it."""
    data.mkdir(mode=PRIVATE_FOLDER)
    log = log_of(data)
    log.mkdir(mode=PRIVATE_FOLDER)
    unsealing.data_folder(archive, base, data)
    bases.run([binaries() / "pg_verifybackup", "--no-parse-wal", "--quiet", data])
    unsealing.log(archive, base.first_segment, log)
    configure(data)
    fetch = f"cp {shlex.quote(str(log))}/%f %p 2>/dev/null"
    lines = [f"restore_command = {_quoted(fetch)}", "recovery_target_action = 'promote'"]
    if until:
        lines.append(f"recovery_target_time = {_quoted(until.astimezone(UTC).isoformat())}")
    settings = data / "postgresql.auto.conf"
    write_private(settings, settings.read_text() + "\n".join(lines) + "\n")
    (data / "recovery.signal").touch(mode=0o600)
    _, run_as = unprivileged()
    if run_as:
        owner = f"{run_as.uid}:{run_as.gid}"
        subprocess.run(["chown", "--recursive", owner, data, log], check=True)  # noqa: S603, S607  # our own folders
        make_reachable(data, run_as)


def log_of(data: Path) -> Path:
    """Where the log lies open while it is replayed into `data`."""
    return data.with_name(f"{data.name}.log")


def configure(data: Path) -> None:
    """As a new home's, whatever the base had."""
    for name in NEVER_RESTORED:
        (data / name).unlink(missing_ok=True)
    fresh = data.with_name(f"{data.name}.fresh")
    Postgres(fresh, 0, secrets.token_urlsafe()).initialise()
    for name in CONFIGURATION:
        write_private(data / name, (fresh / name).read_text())
    shutil.rmtree(fresh)


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
    if until is None and (last := _last_segment(archive)) > reached.position // SEGMENT_BYTES + 1:
        raise ValueError(
            f"the log was replayed up to byte {reached.position:,} only, {archive.wal} goes on to segment {last:,}: "
            "PostgreSQL's own log says what it could not read"
        )
    return reached


def late_enough(archive: Archive, ends: datetime, not_before: datetime) -> None:
    """Raises `ValueError` for an archive that ends earlier: all that an older state of it can be told by."""
    if ends < not_before:
        raise ValueError(
            f"{archive.path} ends on {ends.astimezone(UTC):%Y-%m-%d %H:%M:%S}, before {not_before:%Y-%m-%d %H:%M:%S}: "
            "it is older than it should be, or its end was taken away; look for another copy of it"
        )


def _last_segment(archive: Archive) -> int:
    return max(map(number_of, sealed_log.names(archive.wal)), default=0)


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
