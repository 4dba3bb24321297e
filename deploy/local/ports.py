"""Loopback ports: the preferred one when it is free, else a random one, never one that another stack has claimed."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterator
from typing import Protocol

from deploy.local.probes import LOOPBACK

# Below Linux's ephemeral range (32768-60999), so that no outgoing connection takes a port before the server binds it.
RANDOM_PORTS = range(23_000, 30_000)
TRIES = 200


def any_port(port: int) -> bool:
    return True


class Claim(Protocol):
    """How a part asks for a port under a name of its own; the name finds the port of the last run again."""

    def __call__(
        self, name: str, preferred: int, choose_from: range = RANDOM_PORTS, usable: Callable[[int], bool] = any_port
    ) -> int: ...


class Ports:
    """Claims live as long as this object: an abstract socket a port, which the kernel releases even after SIGKILL.

    Without them two stacks that start at the same moment would both see the same port free.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._claims: list[socket.socket] = []

    def claim(
        self,
        preferred: list[int],
        choose_from: range = RANDOM_PORTS,
        usable: Callable[[int], bool] = any_port,
    ) -> int:
        """A port that nobody listens on. Raises OSError when none of many tries is free."""
        for port in self._candidates(preferred, choose_from):
            if usable(port) and self._claimed(port):
                return port
        raise OSError(f"no free port on {LOOPBACK} among {TRIES} tried in {choose_from}: stop what holds them")

    def release(self) -> None:
        for claim in self._claims:
            claim.close()
        self._claims.clear()

    def _candidates(self, preferred: list[int], choose_from: range) -> Iterator[int]:
        yield from preferred
        yield from (self._rng.choice(choose_from) for _ in range(TRIES))

    def _claimed(self, port: int) -> bool:
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0haetae-port-{port}")
        except OSError:
            claim.close()
            return False
        if not free(port):
            claim.close()
            return False
        self._claims.append(claim)
        return True


def free(port: int) -> bool:
    """Nobody listens on it. Connections of a former server in TIME_WAIT do not count, as they do not for a new one."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
