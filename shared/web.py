"""An ASGI application on a port, inside the service's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from shared.web_bounds import Bounded

BACKLOG = 512


@asynccontextmanager
async def serving(
    asgi: Any,  # noqa: ANN401  # ASGI has no public type
    host: str,
    port: int,
    proxies: str = "",
) -> AsyncIterator[int]:
    """Serve until left. `proxies`: addresses and networks, between commas, whose `X-Forwarded-For` is believed.

    Yields the port, chosen by the system when `port` is 0. Raises `OSError` when it is taken.

    The socket is bound here because uvicorn ends the process when it cannot bind; `_serve` is used because `serve`
    takes the process's signals, which belong to the service.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        config = uvicorn.Config(
            asgi,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            http=Bounded,
            ws="none",
            proxy_headers=bool(proxies),  # from anybody else it is made up as easily as anything
            forwarded_allow_ips=proxies,
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server._serve([listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await running
