"""`python -m deploy.local.receiving ARCHIVE CONNECTION`: PostgreSQL's log into an archive, sealed as it comes, flushed
before the server hears of it. PostgreSQL's own `pg_receivewal` writes it open and unsealed: who may write to its folder
decides what a restore replays.

PostgreSQL's streaming replication protocol (manual, 53.4), through libpq. Ends with the connection; whoever
supervises it starts it again, and it goes on where the archive ends.
"""

import base64
import os
import select
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import pq

from deploy.local.archive import KEY_VARIABLE, STANDBY, Archive
from deploy.local.described import claim
from deploy.local.home import PRIVATE_FOLDER
from deploy.local.sealed_log import Log
from deploy.local.segments import SEGMENT_BYTES, lsn, written

TELL_SECONDS = 10.0  # a sixth of the server's patience (wal_sender_timeout)
DATA = struct.Struct(">cQQQ")  # 'w', where it starts, where the server's log ends, the server's clock
STATUS = struct.Struct(">cQQQQB")  # 'r', written, flushed, applied, our clock, whether we want to hear
UNIX_OF_2000 = 946_684_800  # PostgreSQL counts from there
APPLIED = 0  # nothing is replayed here
NOTHING_YET, DONE = 0, -1  # of PQgetCopyData


class Server:
    """A replication connection. Raises `ConnectionError` with what the server said."""

    def __init__(self, connection: str) -> None:
        self._at = pq.PGconn.connect(f"{connection} replication=true".encode())
        if self._at.status != pq.ConnStatus.OK:
            raise ConnectionError(self._said())

    def ask(self, command: str) -> list[str]:
        """The first row."""
        answer = self._at.exec_(command.encode())
        if answer.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            raise ConnectionError(f"{command.partition(' ')[0]}: {self._said()}")
        return [(answer.get_value(0, n) or b"").decode() for n in range(answer.nfields)] if answer.ntuples else []

    def stream(self, position: int, timeline: int) -> None:
        command = f"START_REPLICATION SLOT {STANDBY} PHYSICAL {written(position)} TIMELINE {timeline}"
        if self._at.exec_(command.encode()).status != pq.ExecStatus.COPY_BOTH:
            raise ConnectionError(
                f"the server does not send its log from {written(position)} on ({self._said()}): where it has that no "
                "longer, `haetae backup off`, and begin another archive"
            )

    def messages(self, seconds: float) -> list[bytes]:
        """What has come, after a wait of `seconds` at most."""
        if not (found := self._come()):
            select.select([self._at.socket], [], [], seconds)
            self._at.consume_input()
            found = self._come()
        return found

    def _come(self) -> list[bytes]:
        found: list[bytes] = []
        while True:
            length, data = self._at.get_copy_data(1)
            if length == DONE:
                raise ConnectionError(f"the server ended its log: {self._said() or 'it stops'}")
            if length == NOTHING_YET:
                return found
            found.append(bytes(data))

    def tell(self, position: int, clock: Callable[[], float]) -> None:
        """All before `position` is flushed here."""
        now = int((clock() - UNIX_OF_2000) * 1_000_000)
        self._at.put_copy_data(STATUS.pack(b"r", position, position, APPLIED, now, 0))
        self._at.flush()

    def _said(self) -> str:
        return self._at.error_message.decode(errors="replace").strip()


def receive(archive: Archive, connection: str, clock: Callable[[], float] = time.time) -> None:
    """Until the connection ends, with `ConnectionError`."""
    server = Server(connection)
    system, timeline, *_ = server.ask("IDENTIFY_SYSTEM")
    life = claim(archive, f"{system}/{int(timeline):08X}")
    archive.wal.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    log = Log(archive.wal, archive.key, life)
    if log.mend() is None:
        log.position = begin(server)
    server.stream(log.position, int(timeline))
    server.tell(log.position, clock)
    while True:
        for message in server.messages(TELL_SECONDS):
            if message[:1] == b"w":
                log.add(DATA.unpack_from(message)[1], message[DATA.size :])
        log.flush()
        server.tell(log.position, clock)  # what is no data asks, or tells, whether the other is alive


def begin(server: Server) -> int:
    """A slot of an archive's own, from which on the server keeps its log; the first byte of a segment."""
    if server.ask(f"READ_REPLICATION_SLOT {STANDBY}")[0]:  # another archive's
        server.ask(f"DROP_REPLICATION_SLOT {STANDBY}")
    server.ask(f"CREATE_REPLICATION_SLOT {STANDBY} PHYSICAL (RESERVE_WAL)")
    kept = lsn(server.ask(f"READ_REPLICATION_SLOT {STANDBY}")[1])
    return kept - kept % SEGMENT_BYTES


def main() -> None:
    folder, connection = sys.argv[1:]
    try:
        receive(Archive(Path(folder), key=base64.b64decode(os.environ[KEY_VARIABLE])), connection)
    except (OSError, ValueError, psycopg.Error) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
