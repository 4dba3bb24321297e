"""An answer of the application, held back before it goes out."""

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send


class HeldBack:
    """Takes the place of `send`. Holds an answer that comes in one piece, until `release`; what streams passes as it
    comes."""

    def __init__(self, onward: Send) -> None:
        self._onward = onward
        self._start: Message | None = None
        self._body: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif self._start is not None and message["type"] == "http.response.body" and not message.get("more_body"):
            self._body = message
        else:
            await self.release()
            await self._onward(message)

    async def release(self) -> None:
        for message in (self._start, self._body):
            if message is not None:
                await self._onward(message)
        self._start = self._body = None

    @property
    def whole(self) -> bool:
        """The answer is here, and nobody has it yet."""
        return self._start is not None and self._body is not None

    @property
    def status(self) -> int:
        return int(self._start["status"]) if self._start else 0

    @property
    def headers(self) -> MutableHeaders:
        """Of the answer that is held; a change of them goes out with it."""
        return MutableHeaders(scope=self._start if self._start is not None else {"headers": []})

    @property
    def body(self) -> bytes:
        return bytes(self._body.get("body", b"")) if self._body else b""
