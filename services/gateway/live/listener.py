"""One open page: what it has still to be told, within a bound."""

import asyncio
from collections import deque
from dataclasses import dataclass

MOST_WAITING = 500  # events: a page that is that far behind looks anew, which costs less than to tell it all
RESYNC = b"event: resync\r\ndata: {}\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Piece:
    """Events as they go over the wire; one object for all listeners."""

    events: int
    wire: bytes


class Listener:
    """Told by the hub, read by one stream. Never waits for its reader: who is too slow is told to look anew."""

    def __init__(self, agency: str, login: str) -> None:
        self.agency, self.login = agency, login
        self._pieces: deque[Piece] = deque()
        self._events = 0
        self._there = asyncio.Event()
        self.fell_behind = 0
        self._ended = False

    def put(self, piece: Piece) -> None:
        if self._events + piece.events > MOST_WAITING:
            self.resync()
            self.fell_behind += 1
        else:
            self._pieces.append(piece)
            self._events += piece.events
            self._there.set()

    def resync(self) -> None:
        """Instead of all that waits."""
        self._pieces.clear()
        self._pieces.append(Piece(1, RESYNC))
        self._events = 1
        self._there.set()

    def end(self) -> None:
        """What waits is still taken, and then nothing more."""
        self._ended = True
        self._there.set()

    async def take(self, within_s: float) -> bytes | None:
        """All that waits; waits for something, and gives None when nothing came or will come."""
        try:
            await asyncio.wait_for(self._there.wait(), within_s)
        except TimeoutError:
            return None
        if self._ended and not self._pieces:
            return None
        if not self._ended:
            self._there.clear()
        wire = b"".join(piece.wire for piece in self._pieces)
        self._pieces.clear()
        self._events = 0
        return wire
