"""The services as processes: how each is started, and how one knows that it is ready."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from deploy.local.process import ProcessSpec

PROBE_TIMEOUT_S = 2.0
DRAIN_S = 10.0  # a supervised service has that long to finish what it holds
READY_S = 180.0  # a service that is started while a server is away waits for it
RESTARTS = 20  # in a row: a server of the stack may be away for a minute


def service_process(
    name: str, env: Mapping[str, str], ops_port: int, needs: Sequence[str] = (), through: Sequence[str] = ()
) -> ProcessSpec:
    """`needs`: processes that stop after it, so that it can finish what it holds. `through`: a module that runs it."""
    settings = {
        **env,
        "HAETAE_OPS_PORT": str(ops_port),
        "HAETAE_DRAIN_SECONDS": str(DRAIN_S),
        # One thread a process: two cores are shared by a dozen processes, and libraries start a thread a core each.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return ProcessSpec(
        name=name,
        command=(sys.executable, "-m", *through, f"services.{name}"),
        ready=lambda: answers(f"http://127.0.0.1:{ops_port}/readyz"),
        needs=tuple(needs),
        env=settings,
        grace_seconds=DRAIN_S + 5,
        ready_seconds=READY_S,
        restarts=RESTARTS,
    )


async def answers(url: str) -> bool:
    """Whether a GET of `url`, by http, is answered with 200.

    By hand: a client of httpx takes six times the processor's time, and a house that starts asks twenty times a second.
    """
    at = urlsplit(url)
    asked = f"GET {at.path} HTTP/1.1\r\nHost: {at.netloc}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(at.hostname, at.port)
            try:
                writer.write(asked.encode())
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
