"""What `test_guarded.py` runs in guarded children: the ways in which a decoder goes wrong."""

import ctypes
import fcntl
import gc
import io
import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

from shared.guarded_child import HEADER, Kind

PR_GET_DUMPABLE = 3


@dataclass(frozen=True)
class Described:
    size: int


Result = Described | int | str | tuple[int, int] | None


def behave(what: str, argument: object = None) -> Result:
    return WAYS[what](argument)  # type: ignore[return-value]  # some lie about what they return: that is the test


def loop(_: object) -> None:
    while True:
        pass


def fork_and_wait(path: object) -> None:
    """Both hold the lock: it is free when both are dead."""
    with Path(str(path)).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.fork()
        time.sleep(600)


def lie(answer: bytes, length: int) -> None:
    """As one that was taken over: bypasses all that writes answers."""
    (stream,) = (one for one in gc.get_objects() if isinstance(one, io.BufferedRWPair))
    stream.write(HEADER.pack(Kind.RESULT, length) + answer)
    stream.flush()
    time.sleep(600)


def dumpable(_: object) -> int:
    return int(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))


WAYS = {
    "size": lambda body: Described(len(bytes(body))),
    "pid": lambda _: os.getpid(),
    "loop": loop,
    "allocate": lambda _: len(bytearray(2 * 1024**3)),
    "segfault": lambda _: ctypes.string_at(0),
    "fork": fork_and_wait,
    "environment": lambda _: str(os.environ),
    "raise": lambda text: int(str(text)),
    "another type": lambda _: {"size": b"four"},
    "lie": lambda answer: lie(bytes(answer), len(bytes(answer))),
    "core": lambda _: resource.getrlimit(resource.RLIMIT_CORE),
    "dumpable": dumpable,
    "write": lambda path: Path(str(path)).write_bytes(b"decoded"),
    "long": lambda _: lie(b"[", 2**40),
    "sleep": lambda _: time.sleep(600),
    "exit": lambda _: os._exit(3),
}
