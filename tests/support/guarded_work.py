"""What `test_guarded.py` runs in guarded children: the ways in which a decoder goes wrong."""

import ctypes
import fcntl
import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Described:
    size: int


class Unnamed:
    pass


def behave(what: str, argument: object = None) -> object:
    return WAYS[what](argument)


def loop(_: object) -> None:
    while True:
        pass


def fork_and_wait(path: object) -> None:
    """Both hold the lock: it is free when both are dead."""
    with Path(str(path)).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.fork()
        time.sleep(600)


WAYS = {
    "size": lambda body: Described(len(bytes(body))),
    "pid": lambda _: os.getpid(),
    "loop": loop,
    "allocate": lambda _: len(bytearray(2 * 1024**3)),
    "segfault": lambda _: ctypes.string_at(0),
    "fork": fork_and_wait,
    "environment": lambda _: Path("/proc/self/environ").read_text(),
    "raise": lambda text: int(str(text)),
    "unnamed": lambda _: Unnamed(),
    "system": lambda _: os.system,
    "core": lambda _: resource.getrlimit(resource.RLIMIT_CORE),
    "write": lambda path: Path(str(path)).write_bytes(b"decoded"),
    "long": lambda _: "x" * (65 * 1024 * 1024),
    "sleep": lambda _: time.sleep(600),
    "exit": lambda _: os._exit(3),
}
