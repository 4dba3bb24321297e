"""Connections, kept for the next request to the same origin.

Not httpx's pool: that looks through all of its connections at every request, which takes 26 ms of CPU among 250.
"""

from shared.net.asked import Answer, Asked
from shared.net.dialing import Dialer
from shared.net.idle import Idle, most_idle
from shared.net.wire import Unanswered, Wire


class Connections:
    def __init__(self, dialer: Dialer) -> None:
        self._dialer, self._idle = dialer, Idle(most_idle())

    def __len__(self) -> int:
        return len(self._idle)

    async def ask(self, asked: Asked) -> Answer:
        """Raises `AddressRefused` and `FetchFailed`."""
        if (kept := self._idle.take(asked.origin)) is not None:
            try:
                return await self._ask_on(kept, asked)
            except Unanswered:
                pass  # the server has closed it meanwhile: a new one, once
        return await self._ask_on(await self._dialer.dial(asked.origin), asked)

    async def ask_anew(self, asked: Asked) -> Answer:
        """The same, over a connection that nobody else has used or will use."""
        wire = await self._dialer.dial(asked.origin)
        try:
            return await wire.ask(asked)
        finally:
            wire.close()

    async def _ask_on(self, wire: Wire, asked: Asked) -> Answer:
        answer = await wire.ask(asked)
        if wire.usable:
            self._idle.put(asked.origin, wire)
        else:
            wire.close()
        return answer

    def close(self) -> None:
        self._idle.close()
