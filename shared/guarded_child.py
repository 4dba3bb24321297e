"""What runs inside a guarded child process (see `guarded`): limits first, then one call after the other.

    python -m shared.guarded_child <descriptor of a socket> <id of the parent>

Both directions: `HEADER` (kind, length), then the data: to the child a pickle, from the child JSON, since the child
trusts its parent, and the parent does not trust it.
"""

import ctypes
import importlib
import json
import os
import pickle
import resource
import signal
import socket
import struct
import sys
from dataclasses import dataclass
from enum import IntEnum
from io import BufferedRWPair
from pathlib import Path
from typing import Any

from shared.guarded_answers import Answers

HEADER = struct.Struct(">BQ")
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
MAX_TOLD = 500  # characters of an exception's text: some quote what they choked on
NICE = 5  # whoever waits for the network comes first
SPARE_CPU_S = 1.0  # beyond the caller's clock, which is the limit; this one is for a caller that sleeps


class Kind(IntEnum):
    READY = 0
    RESULT = 1
    RAISED = 2  # [name of the exception, its text]
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
        answers = Answers[object](function)
    except Exception as error:
        return send_error(stream, error)
    limit(order)
    send(stream, Kind.READY)
    while True:
        try:
            arguments = receive(stream)
        except EOFError:
            return
        limit_cpu(order.seconds)
        try:
            send(stream, Kind.RESULT, answers.write(function(*arguments)))
        except MemoryError:
            return send(stream, Kind.OUT_OF_MEMORY)  # and end: the heap is in pieces
        except Exception as error:
            send_error(stream, error)
        del arguments


def receive(stream: BufferedRWPair) -> Any:  # noqa: ANN401
    head = stream.read(HEADER.size)
    if len(head) < HEADER.size:
        raise EOFError
    _, length = HEADER.unpack(head)
    return pickle.loads(stream.read(length))  # noqa: S301  from our parent


def send(stream: BufferedRWPair, kind: Kind, data: bytes = b"") -> None:
    stream.write(HEADER.pack(kind, len(data)))
    stream.write(data)
    stream.flush()


def send_error(stream: BufferedRWPair, error: Exception) -> None:
    send(stream, Kind.RAISED, json.dumps((type(error).__name__, str(error)[:MAX_TOLD])).encode())


def die_with(parent: int) -> None:
    """Also when the parent is killed. And no privileges by a set-uid program, and no core dump, which would hold what
    was decoded: RLIMIT_CORE does not bind where the system pipes dumps to a program (prctl(2), core(5); Linux only)."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        library.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked to be told
        raise SystemExit("the parent is gone")


def limit(order: Order) -> None:
    """More memory than that, a file, a core dump: refused. So is a further process or thread, which the system does not
    tell apart (but to root, who may always)."""
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
