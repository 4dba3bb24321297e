"""The database server as one login sees it: reached, new enough, safe with what is committed, with room."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from deploy.local.archive import STANDBY
from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import Patient
from haetae.doctor.settings_judged import local
from shared.clock import Clock, SystemClock
from shared.database import POOL_SIZE

DATABASE = Subject("database")
URL = "HAETAE_DATABASE_URL"
LEAST_VERSION = 15  # the suite passes against 15 and 18
CONNECT_S = 5
MOST_APART = timedelta(seconds=2)  # leases and deadlines are compared between processes; NTP keeps within 0.1 s
FREE_CONNECTIONS = 2 * POOL_SIZE  # a service that is replaced has two processes for a while
OLDEST_WAITING = timedelta(minutes=1)  # the relay looks ten times a second
FACTS = """
SELECT current_setting('server_version_num')::int / 10000 AS version, clock_timestamp() AS clock,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS free,
       current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AS durable,
       current_setting('synchronous_commit') <> 'off' AS synchronous, pg_is_in_recovery() AS standby,
       pg_encoding_to_char(encoding) AS encoding,
       coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted,
       coalesce((SELECT CASE WHEN wal_status = 'lost' THEN 'lost' WHEN active THEN 'follows' ELSE 'stopped' END
                 FROM pg_replication_slots WHERE slot_name = %s), '') AS archive
FROM pg_database WHERE datname = current_database()
"""


@dataclass(frozen=True)
class Server:
    """`ahead`: its clock before ours, the way there and back not counted out. `free`: connections. `archive`: what
    becomes of the log of an embedded home: follows, stopped, lost; empty where it is not archived."""

    version: int
    ahead: timedelta
    free: int
    durable: bool
    synchronous: bool
    standby: bool
    encoding: str
    encrypted: bool
    archive: str = ""


async def look(patient: Patient, clock: Clock | None = None) -> Sequence[Diagnosis]:
    url = patient.env[URL] if URL in patient.env else patient.settings.database_url.get_secret_value()
    try:
        async with await connected(url) as connection:
            row = await one(connection, FACTS, STANDBY)
            now = (clock or SystemClock()).now()
    except (psycopg.Error, ArgumentError) as error:
        return [refused(str(error))]
    return judge(server_of(row, now), local(make_url(url).host or "localhost"))


async def connected(url: str) -> psycopg.AsyncConnection[dict[str, Any]]:
    """Nothing can be written through it. Raises `psycopg.Error`, and `ArgumentError` for what is no URL."""
    where = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await psycopg.AsyncConnection.connect(
        where, connect_timeout=CONNECT_S, autocommit=True, row_factory=dict_row, options="-c statement_timeout=5s"
    )
    await connection.execute("SET default_transaction_read_only = on")
    return connection


async def one(connection: psycopg.AsyncConnection[dict[str, Any]], query: str, *values: object) -> dict[str, Any]:
    row = await (await connection.execute(query, values or None)).fetchone()
    return row or {}


def server_of(row: dict[str, Any], now: datetime) -> Server:
    return Server(ahead=row["clock"] - now, **{name: value for name, value in row.items() if name != "clock"})


def refused(said: str) -> Diagnosis:
    """By libpq's words: before a session there is no SQLSTATE. Pure."""
    first = next(iter(said.strip().splitlines()), "no answer")
    if "authentication failed" in said:
        cure = f"set the password of that role (ALTER ROLE … PASSWORD), and the same in {URL}"
    elif "does not exist" in said and "database" in said.rpartition("FATAL")[2]:
        cure = f"create it (CREATE DATABASE …), or name another in {URL}; then `haetae migrate`"
    elif "not permitted to log in" in said or ("role" in said and "does not exist" in said):
        cure = "run `haetae migrate` as the owner, then ALTER ROLE … LOGIN PASSWORD …"
    elif "too many" in said or "remaining connection slots" in said:
        cure = "raise max_connections, or end what holds them (pg_stat_activity)"
    else:
        cure = f"see that PostgreSQL runs, and what {URL} says of host and port"
    return DATABASE.failed("reached", first, cure)


def judge(server: Server, same_machine: bool) -> Sequence[Diagnosis]:
    faults = list(_faults(server, same_machine))
    return faults or [DATABASE.ok("server", f"PostgreSQL {server.version}, {server.free} connections free")]


def _faults(server: Server, same_machine: bool) -> Iterator[Diagnosis]:
    if server.version < LEAST_VERSION:
        yield DATABASE.failed(
            "version", f"PostgreSQL {server.version}", f"upgrade the server to {LEAST_VERSION} or newer"
        )
    if abs(server.ahead) > MOST_APART:
        said = f"its clock is {server.ahead.total_seconds():+.1f} s from this machine's"
        yield DATABASE.failed("clock", said, "run NTP on both (`timedatectl set-ntp true`)")
    if server.free < FREE_CONNECTIONS:
        said = f"{server.free} connections are free; a service that is replaced needs {FREE_CONNECTIONS} for a while"
        yield DATABASE.warning("connections", said, "raise max_connections")
    if not server.durable:
        said = "fsync or full_page_writes is off: a power cut can destroy the whole database"
        yield DATABASE.warning("durability", said, "set fsync = on and full_page_writes = on")
    if not server.synchronous:
        said = "synchronous_commit is off: what was acknowledged can be lost, notices be sent twice"
        yield DATABASE.failed("synchronous_commit", said, "ALTER DATABASE … SET synchronous_commit = on")
    if server.standby:
        yield DATABASE.failed("primary", "it is a standby, which takes no writes", f"name the primary in {URL}")
    if server.encoding != "UTF8":
        said = f"its encoding is {server.encoding}: Korean names cannot be kept"
        yield DATABASE.failed("encoding", said, "create it anew WITH ENCODING 'UTF8' TEMPLATE template0")
    if server.archive == "stopped":
        said = "nobody brings the log to the archive: commits may wait for it, and the disk keeps what it has not got"
        yield DATABASE.failed("archive", said, "start `haetae run` again; the home's log/archive.log says why it ended")
    if server.archive == "lost":
        said = "the archive fell so far behind that its log has a gap: nothing later can be restored"
        yield DATABASE.failed("archive", said, "begin another with `haetae backup into`")
    if not server.encrypted and not same_machine:
        said = "the connection is not encrypted"
        yield DATABASE.warning("encryption", said, f"add ?sslmode=verify-full to {URL}")
