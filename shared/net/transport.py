"""httpx over the guard: for a library that brings requests of its own and must not reach the inside either.

async with httpx.AsyncClient(transport=Transport(fetcher)) as client:
    await client.get("https://example.test/")
"""

import httpx

from shared.net.fetcher import Fetcher

# The body comes unpacked and whole: httpx must not try to unpack it again.
DONE_ALREADY = frozenset({"content-encoding", "content-length", "transfer-encoding"})
# What httpx adds, and the fetcher says itself.
OURS = frozenset({"host", "connection", "accept-encoding"})


class Transport(httpx.AsyncBaseTransport):
    """GET only. Raises what `Fetcher.get` raises. `exit`: as there. Closing it leaves the fetcher open."""

    def __init__(self, fetcher: Fetcher, exit: str | None = None) -> None:
        self._fetcher, self._exit = fetcher, exit

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            raise httpx.UnsupportedProtocol(
                f"{request.method} is not for reading the web: only GET is", request=request
            )
        headers = {name: value for name, value in request.headers.items() if name not in OURS}
        agent = headers.pop("user-agent", "")
        got = await self._fetcher.get(
            str(request.url),
            user_agent=None if agent.startswith("python-httpx/") else agent,
            headers=headers,
            redirects=0,
            exit=self._exit,
        )
        received = [(name, value) for name, value in got.raw_headers if name.lower() not in DONE_ALREADY]
        return httpx.Response(got.status, headers=received, content=got.body, request=request)
