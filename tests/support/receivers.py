"""A receiver of webhooks, as another agency has one: real HTTP, answers as it is told to, remembers what came."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from standardwebhooks.webhooks import Webhook as Verifier
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.web import serving

AGREED = {"WebHook-Allowed-Origin": "127.0.0.1"}
Answer = Response | Callable[[], Awaitable[Response]]


@dataclass
class Came:
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> None:
        """By the library that other agencies use. Raises what it raises."""
        Verifier(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """`answers`: of the next deliveries, one each; after them 204. `agrees`: headers of the answer to the question."""

    port: int = 0
    host: str = "receiver.test"
    agrees: dict[str, str] = field(default_factory=lambda: dict(AGREED))
    answers: deque[Answer] = field(default_factory=deque)
    asked: list[dict[str, str]] = field(default_factory=list)
    came: list[Came] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/events"

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.came]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        headers = dict(request.headers)
        if request.method == "OPTIONS":
            self.asked.append(headers)
            answer = Response(headers=self.agrees)
        else:
            self.came.append(Came(headers, await request.body()))
            told = self.answers.popleft() if self.answers else Response(status_code=204)
            answer = told if isinstance(told, Response) else await told()
        await answer(scope, receive, send)


@asynccontextmanager
async def receiving(host: str = "receiver.test") -> AsyncIterator[Receiver]:
    receiver = Receiver(host=host)
    async with serving(receiver, "127.0.0.1", 0) as receiver.port:
        yield receiver
