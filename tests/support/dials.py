"""Every connection that this process opens, written down; and none leaves the machine, whatever is under test."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

At = tuple[str, int]


@dataclass
class Dials:
    """`opened`: where to. `turned`: a public address, and the local one that stands for it. `outside`: refused here."""

    turned: Mapping[str, At]
    opened: list[At] = field(default_factory=list)
    outside: list[At] = field(default_factory=list)


@contextmanager
def watching_dials(turned: Mapping[str, At]) -> Iterator[Dials]:
    """Of the running event loop, until left. The fault that is put in is that the world ends at this machine."""
    loop, made = asyncio.get_running_loop(), Dials(turned)
    dial = loop.create_connection

    async def watched(factory: Any, host: Any = None, port: Any = None, **more: Any) -> Any:
        if more.get("sock") is not None:
            return await dial(factory, host, port, **more)
        made.opened.append((host, port))
        if host in made.turned:
            host, port = made.turned[host]
        elif not ipaddress.ip_address(host).is_loopback:
            made.outside.append((host, port))
            raise OSError(f"{host} is outside of this machine")
        return await dial(factory, host, port, **more)

    # The loop is asked by whoever connects, so the fault is put into it; its own signature is a hundred lines long.
    loop.create_connection = watched  # type: ignore[method-assign,assignment]
    try:
        yield made
    finally:
        loop.create_connection = dial  # type: ignore[method-assign]
