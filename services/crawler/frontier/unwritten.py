"""What visits found and nobody has written down yet: beyond a bound no further visit begins."""

import asyncio

from services.crawler.visit import Checked, Visited
from shared.events import ContentFound

MOST_BYTES = 64 * 1024 * 1024
# What Python's values weigh beside their text, roughly.
DONE_BYTES, LINK_BYTES = 8_000, 200


class Unwritten:
    """A gate: it is closed while too much waits. Visits that are under way then end, and come on top of it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._bytes = most_bytes, 0
        self._open = asyncio.Event()
        self._open.set()

    async def room(self) -> None:
        await self._open.wait()

    def add(self, weight: int) -> None:
        self._bytes += weight
        if self._bytes >= self._most:
            self._open.clear()

    def remove(self, weight: int) -> None:
        self._bytes -= weight
        if self._bytes < self._most:
            self._open.set()

    def give_up(self) -> None:
        """Nobody waits for room any more."""
        self._most = self._bytes + 2**60
        self._open.set()


def weight_of(done: Visited | Checked) -> int:
    """Roughly, in bytes."""
    if isinstance(done, Checked):
        return DONE_BYTES
    links = sum(LINK_BYTES + len(link.url) for link in done.links)
    # What is no ASCII takes two bytes; and posts say much of the text again.
    text = sum(4 * len(found.text) for found in done.found if isinstance(found, ContentFound))
    return DONE_BYTES + links + text
