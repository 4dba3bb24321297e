"""The archive of a home: the folder that has all that is acknowledged a second time, and the process that brings each
commit of PostgreSQL there (`deploy.local.receiving`). The layout:

archive.json   of which life of which cluster it is, and the age recipient that opens `escrow.age`; tagged
bases/TIME/    base backups (pg_basebackup, tar): `base.sealed`, and where its log begins in `base.json`, tagged
wal/           the write-ahead log from the first base on, sealed as it comes, a file a segment
evidence/      the bucket of that name, object by object; encrypted under the keys of cases
keys/          the keys of cases, wrapped by the master key, and the marks of destroyed ones: a mirror, never a history
escrow.age     the home's secrets, tagged, sealed to the recipient; `escrow.former.age` those before the last backup

Whoever may write to the folder is not believed: what the archive's key did not seal or tag is refused
(`deploy.local.sealed`), and evidence and keys are held by those of cases and by the master key.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import make_url

from deploy.local.home import Home, write_private
from deploy.local.postgres import binaries
from deploy.local.process import ProcessSpec

NAME = "archive"  # of the process
PROJECT = Path(__file__).resolve().parents[2]
KEY_VARIABLE, KEY_SECRET = "ARCHIVE_KEY", "archive_key"  # of the receiving process; among the home's secrets
STANDBY = "haetae_archive"  # of its slot, and of the standby that commits wait for
CONNECT_SECONDS = 5
# An archive that is away for longer than this much log is given up, or the log would fill the server's own disk.
KEPT_LOG = "8GB"
RESTARTS = 20  # in a row: a folder of another machine may be away for a minute


@dataclass(frozen=True)
class Archive:
    """`waits`: a commit counts only once its log is here, and an object only once its copy is. `key`: 32 bytes, with
    which its files are sealed."""

    path: Path
    waits: bool = True
    key: bytes = field(default=b"", repr=False)

    @property
    def wal(self) -> Path:
        return self.path / "wal"

    @property
    def bases(self) -> Path:
        return self.path / "bases"

    def server_options(self) -> list[str]:
        """For the server whose log is received."""
        waiting = ["-c", f"synchronous_standby_names={STANDBY}"] if self.waits else []
        return [*waiting, "-c", f"max_slot_wal_keep_size={KEPT_LOG}"]


def of_home(home: Path) -> Archive | None:
    """What `remember` kept. Raises `ValueError` for a file that is not its."""
    file = home / "archive.json"
    if not file.exists():
        return None
    try:
        known = json.loads(file.read_text())
        key = base64.b64decode(json.loads((home / "secrets.json").read_text())[KEY_SECRET], validate=True)
        return Archive(Path(known["path"]), bool(known["waits"]), key)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{file} is not what `haetae backup into` wrote, or {KEY_SECRET} is not in secrets.json ({error!r}): "
            "give that command again"
        ) from error


def remember(home: Home, archive: Archive | None) -> None:
    """The home's stack writes there from its next start on; None: nowhere."""
    file = home.path / "archive.json"
    if archive is None:
        file.unlink(missing_ok=True)
        return
    home.take_secrets({KEY_SECRET: base64.b64encode(archive.key).decode()})
    write_private(file, json.dumps({"path": str(archive.path), "waits": archive.waits}))


def receiver(archive: Archive, url: str, ready_seconds: float = 60.0) -> ProcessSpec:
    """The process that writes the server's log into the archive as it comes, flushed before it says so."""

    async def before() -> None:
        if not archive.path.is_dir():
            raise RuntimeError(f"the archive {archive.path} is gone: mount it, or `haetae backup off` to go on without")

    return ProcessSpec(
        name=NAME,
        command=[sys.executable, "-m", "deploy.local.receiving", archive.path, connection_string(url)],
        ready=lambda: streams(url),
        needs=("postgres",),
        env={"PGPASSWORD": password_of(url), KEY_VARIABLE: base64.b64encode(archive.key).decode()},
        before=before,
        cwd=PROJECT,
        restarts=RESTARTS,
        ready_seconds=ready_seconds,
    )


async def streams(url: str) -> bool:
    """Whether the archive follows the server's log."""
    connection = await psycopg.AsyncConnection.connect(connection_string(url), password=password_of(url))
    async with connection:
        found = await connection.execute(
            "SELECT FROM pg_stat_replication WHERE application_name = %s AND state = 'streaming'", [STANDBY]
        )
        return await found.fetchone() is not None


def tool(name: str, url: str, *options: str | Path) -> list[str | Path]:
    """A command of PostgreSQL's own tools against this server; the password goes into its environment."""
    return [binaries() / name, "--dbname", connection_string(url), "--no-password", *options]


def connection_string(url: str) -> str:
    """libpq's, without the password: arguments of a process are seen by everybody on the machine."""
    at = make_url(url)
    return make_conninfo(
        host=at.host, port=at.port, user=at.username, dbname=at.database,
        application_name=STANDBY, connect_timeout=CONNECT_SECONDS,
        **{name: values[-1] for name, values in at.normalized_query.items()},
    )  # fmt: skip


def password_of(url: str) -> str:
    return str(make_url(url).password or "")


def with_password(url: str) -> dict[str, str]:
    return {**os.environ, "PGPASSWORD": password_of(url)}
