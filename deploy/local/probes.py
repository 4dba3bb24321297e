"""Readiness probes: each answers now, yes or no, and never raises for a server that is not there yet."""

from __future__ import annotations

import asyncio

from deploy.local.process import Probe

LOOPBACK = "127.0.0.1"
ANSWER_SECONDS = 2.0


def tcp(port: int, host: str = LOOPBACK) -> Probe:
    """Somebody listens."""

    async def answers() -> bool:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), ANSWER_SECONDS)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    return answers


def http(port: int, path: str, host: str = LOOPBACK) -> Probe:
    """`GET path` answers 200."""
    request = f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n".encode()

    async def answers() -> bool:
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), ANSWER_SECONDS)
        except (OSError, TimeoutError):
            return False
        try:
            writer.write(request)
            status = await asyncio.wait_for(reader.readline(), ANSWER_SECONDS)
        except (OSError, TimeoutError):
            return False
        finally:
            writer.close()
        return status.split()[1:2] == [b"200"]

    return answers
