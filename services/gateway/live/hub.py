"""One reader of changes a process, for all of its open pages.

Changes are read twice a second (less often while many thousands listen), written out once for each agency, and put
into each listener's own bounded buffer in slices, between which requests get their turn. What was told lately is kept,
so that a listener that comes back goes on where it was; further back it is told to look anew.
"""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from services.gateway.live import following
from services.gateway.live.feed import Change
from services.gateway.live.following import BEFORE_ALL, Place, place_of
from services.gateway.live.listener import MOST_WAITING, Listener, Piece
from services.gateway.live.memory import Memory
from services.gateway.seats import Seats
from shared.clock import Clock
from shared.database import Database
from shared.failures import Transient
from shared.supervision import Running, beside

log = structlog.get_logger(__name__)

READ_EVERY_S = 0.5
REST = 3.0  # times as long as telling took: a quarter of the process at most, however many listen
KEPT = 20_000  # changes, some 10 MiB: minutes of a very busy house
SLICE = 100  # listeners that are woken at once: some 10 ms of this process
MOST = 12_000  # listeners of a process; 10,000 were measured (benchmarks/listeners.py)
MOST_OF_ONE = 20  # of an account: tabs


class Hub:
    """`run` reads while it runs; `task` is that, once `running`. `listening` gives a listener for as long as it is
    open."""

    task: Running

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._seats = Seats(MOST, MOST_OF_ONE, "too-many-pages")
        self._kept: deque[tuple[Place, str, Piece]] = deque(maxlen=KEPT)
        self._forgotten = BEFORE_ALL  # the newest place that is not kept any more
        self._read: Place | None = None
        self._ended = False

    @property
    def listeners(self) -> int:
        return self._seats.taken

    def now(self) -> float:
        return self._clock.monotonic()

    def check(self, login: str) -> None:
        """Raises `Problem` 429 or 503 when no more can listen."""
        self._seats.check(login)

    async def run(self) -> None:
        """Until cancelled. While the database is away nothing is told; afterwards everybody looks anew, for a server
        that crashed has forgotten what it had not told."""
        memory = Memory(self.now())
        while True:
            memory.tend(self.listeners, self.now())
            try:
                took = await self._read_on()
            except Transient as failure:
                log.warning("changes cannot be read", reason=str(failure))
                await self._all_anew()
                took = 0.0
            await self._clock.sleep(max(READ_EVERY_S, REST * took))

    def end(self) -> None:
        """All streams end: a server that stops waits for them."""
        self._ended = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.end()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Hub"]:
        async with beside("live updates", self.run()) as self.task:
            yield self

    @asynccontextmanager
    async def listening(self, agency: str, login: str, last: str | None = None) -> AsyncIterator[Listener]:
        """`last`: the id of the last event that the listener saw. `check` says whether there is room."""
        listener = Listener(agency, login)
        if last is not None:
            self._catch_up(listener, place_of(last))
        self._listeners[agency].add(listener)
        try:
            with self._seats.sitting(login) as room:
                if self._ended or not room:
                    listener.end()
                yield listener
        finally:
            self._listeners[agency].discard(listener)

    def _catch_up(self, listener: Listener, seen: Place | None) -> None:
        if seen is None or seen < self._forgotten:
            listener.resync()
            return
        missed: list[Piece] = []
        for place, agency, piece in reversed(self._kept):
            if place <= seen or len(missed) > MOST_WAITING:
                break
            if agency == listener.agency:
                missed.append(piece)
        for piece in reversed(missed):
            listener.put(piece)

    async def _read_on(self) -> float:
        """How many seconds it took to tell what was new."""
        began = self.now()
        async with self._database.transaction() as tx:
            if self._read is None:
                self._read = self._forgotten = await following.ended(tx)
            changes = await following.after(tx, self._read)
        if changes:
            self._read = Place(changes[-1].xid, changes[-1].position)
            await self._tell(changes)
        return self.now() - began

    async def _tell(self, changes: Sequence[Change]) -> None:
        by_agency: dict[str, list[Piece]] = defaultdict(list)
        for change in changes:
            piece = Piece(1, wire_of(change))
            if len(self._kept) == KEPT:
                self._forgotten = self._kept[0][0]
            self._kept.append((Place(change.xid, change.position), change.agency, piece))
            by_agency[change.agency].append(piece)
        for agency, pieces in by_agency.items():
            whole = Piece(len(pieces), b"".join(piece.wire for piece in pieces))
            await self._hand_out(list(self._listeners[agency]), whole)

    async def _hand_out(self, listeners: Sequence[Listener], piece: Piece) -> None:
        for start in range(0, len(listeners), SLICE):
            for listener in listeners[start : start + SLICE]:
                listener.put(piece)
            await asyncio.sleep(0)

    async def _all_anew(self) -> None:
        self._kept.clear()
        if self._read is not None:
            self._forgotten = self._read
        for listeners in list(self._listeners.values()):
            for listener in list(listeners):
                listener.resync()


def wire_of(change: Change) -> bytes:
    """As an event of the stream (WHATWG HTML, 9.2). No text of a page, no name: identifiers and a pseudonym."""
    told = {"case_id": str(change.case_id), "actor": change.actor, "at": change.at.isoformat()}
    place = Place(change.xid, change.position)
    return f"id: {place}\r\nevent: {change.kind}\r\ndata: {json.dumps(told)}\r\n\r\n".encode()
