"""What runs inside a guarded child process (see `guarded`): limits first, then one call after the other.

    python -m shared.guarded_child <descriptor of a socket> <id of the parent>

Both directions: `HEADER` (kind, length), then a pickle. The child trusts its parent; the parent does not trust it.
Only the standard library is imported here, so that the limits hold before any decoder is loaded.
"""

import ctypes
import importlib
import io
import os
import pickle
import resource
import signal
import socket
import struct
import sys
from dataclasses import dataclass
from enum import Enum, IntEnum
from io import BufferedRWPair
from pathlib import Path
from typing import Any

HEADER = struct.Struct(">BQ")
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
NICE = 5  # whoever waits for the network comes first
SPARE_CPU_S = 1.0  # beyond the caller's clock, which is the limit; this one is for a caller that sleeps


class Kind(IntEnum):
    READY = 0
    RESULT = 1
    RAISED = 2  # (name of the exception, its text)
    OUT_OF_MEMORY = 3


@dataclass(frozen=True)
class Order:
    """What a child is for. `memory_bytes`: beyond what the loaded function needs. `threads`: it may start some."""

    module: str
    function: str
    seconds: float
    memory_bytes: int
    threads: bool


def main(descriptor: int, parent: int) -> None:
    die_with(parent)
    os.nice(NICE)
    with socket.socket(fileno=descriptor) as link, link.makefile("rwb") as stream:
        work(stream)


def work(stream: BufferedRWPair) -> None:
    order: Order = receive(stream)
    try:
        function = getattr(importlib.import_module(order.module), order.function)
    except Exception as error:
        return send(stream, Kind.RAISED, (type(error).__name__, str(error)))
    limit(order)
    send(stream, Kind.READY, None)
    while True:
        try:
            arguments = receive(stream)
        except EOFError:
            return
        limit_cpu(order.seconds)
        try:
            send(stream, Kind.RESULT, function(*arguments))
        except MemoryError:
            return send(stream, Kind.OUT_OF_MEMORY, None)  # and end: the heap is in pieces
        except Exception as error:
            send(stream, Kind.RAISED, (type(error).__name__, str(error)))
        del arguments


def receive(stream: BufferedRWPair) -> Any:  # noqa: ANN401
    head = stream.read(HEADER.size)
    if len(head) < HEADER.size:
        raise EOFError
    _, length = HEADER.unpack(head)
    return pickle.loads(stream.read(length))  # noqa: S301  from our parent


def send(stream: BufferedRWPair, kind: Kind, value: object) -> None:
    out = io.BytesIO()
    _Writing(out, pickle.HIGHEST_PROTOCOL).dump(value)
    stream.write(HEADER.pack(kind, out.tell()))
    stream.write(out.getbuffer())
    stream.flush()


class _Writing(pickle.Pickler):
    """Members of enumerations by their class alone: some versions of Python would name `getattr`."""

    def reducer_override(self, value: object) -> Any:  # noqa: ANN401
        return (type(value), (value.value,)) if isinstance(value, Enum) else NotImplemented


def die_with(parent: int) -> None:
    """Also when the parent is killed; and no privileges by a set-uid program (prctl(2); Linux only)."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked to be told
        raise SystemExit("the parent is gone")


def limit(order: Order) -> None:
    """More memory than that, a file, a core dump (it would hold what was decoded): refused. So is a further process or
    thread, which the system does not tell apart (but to root, who may always)."""
    limits = {
        resource.RLIMIT_AS: address_space() + order.memory_bytes,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    if not order.threads:
        limits[resource.RLIMIT_NPROC] = 0
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


def limit_cpu(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + seconds + SPARE_CPU_S) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def address_space() -> int:
    """Bytes mapped now (proc_pid_statm(5)); 0 where the system does not say."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[0]) * resource.getpagesize() if statm.exists() else 0


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
