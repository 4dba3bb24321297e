"""Work on hostile bytes in child processes that are killed at their limits.

A decoder may loop, eat memory, crash, or be taken over by what it reads. So a child begins as a fresh program with an
environment of its own (no secret of ours is in its memory), may open no more memory than it was given, and its
results are read as data (see `guarded_answers`).

(Process pools of libraries inherit the environment, believe what a child sends, and leave its children behind.)
"""

import asyncio
import json
import os
import pickle
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Generic, ParamSpec, Self, TypeVar

from shared.failures import Transient
from shared.guarded_answers import Answers
from shared.guarded_child import HEADER, MAX_TOLD, Kind, Order

P = ParamSpec("P")
R = TypeVar("R")

KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
# Libraries that start a thread for every core reserve address space for each.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
START_S = 60.0  # loading numpy and codecs takes a second, on a machine that starts everything at once many
MAX_ANSWER_BYTES = 64 * 1024 * 1024
MOST_CALLS = 2_000  # then a fresh child: codecs leak


class Limit(StrEnum):
    TIME = "time"
    MEMORY = "memory"
    CRASH = "crash"


class GuardKilled(Exception):
    """The child was killed at a limit, or died. `why` says of what."""

    def __init__(self, why: Limit, detail: str) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why


class GuardRaised(Exception):
    """The function itself raised: `name` of the exception and its text. The child goes on."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name


class Guarded(Generic[P, R]):
    """A resource: `await guarded(*args)` is `function(*args)` in a child process. `function` is one of a module's own;
    what it returns is of its annotated type.

    `workers`: children at most, started when needed and kept. `seconds`: of one call by the clock. `memory_bytes`: of
    one child beyond what the loaded function needs. `threads`: it may start threads, and so, if it is taken over,
    processes; they are killed with it unless they leave its session.
    Calls beyond `workers` wait in the order of their coming; a call that is cancelled is killed.
    Raises `GuardKilled`, `GuardRaised`, and `Transient` when no child can be started.
    """

    def __init__(
        self,
        function: Callable[P, R],
        *,
        workers: int,
        seconds: float,
        memory_bytes: int,
        threads: bool = False,
    ) -> None:
        self._order = Order(function.__module__, function.__qualname__, seconds, memory_bytes, threads)
        self._answers = Answers(function)
        self._turns = asyncio.Semaphore(workers)
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._left = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left = True
        children = [*self._idle, *self._busy]
        self._idle.clear()
        for child in children:
            await child.kill()

    async def __call__(self, *args: P.args, **_: P.kwargs) -> R:
        async with self._turns:
            child = self._idle.pop() if self._idle else await self._started()
            self._busy.add(child)
            try:
                return self._read(await child.call(args, self._order.seconds))
            except GuardRaised:
                raise
            except BaseException:
                await child.kill()
                raise
            finally:
                self._busy.discard(child)
                if child.calls < MOST_CALLS and not child.ended:
                    self._idle.append(child)
                else:
                    await child.kill()

    async def _started(self) -> "_Child":
        try:
            child = await _Child.start(self._order)
        except (OSError, GuardKilled, GuardRaised) as error:  # whatever it was going to look at did not do that
            raise Transient(f"no guarded child can be started: {error}") from error
        if self._left:
            await child.kill()
            raise Transient("no guarded child is started any more: it was left")
        return child

    def _read(self, data: bytes) -> R:
        try:
            return self._answers.read(data)
        except ValueError as error:
            raise GuardKilled(Limit.CRASH, f"its answer cannot be read: {error}") from error


class _Child:
    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process, self._reader, self._writer = process, reader, writer
        self.calls, self.ended = 0, False

    @classmethod
    async def start(cls, order: Order) -> "_Child":
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "shared.guarded_child", str(theirs.fileno()), str(os.getpid()),
                    env=environment(), pass_fds=(theirs.fileno(),), start_new_session=True,
                    stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.DEVNULL,
                )  # fmt: skip
        except BaseException:
            ours.close()
            raise
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        child = cls(process, reader, writer)
        try:
            await child.call(order, START_S)
        except BaseException:
            await child.kill()
            raise
        return child

    async def call(self, message: object, seconds: float) -> bytes:
        """Send the message; its answer. Raises `GuardRaised`, and `GuardKilled`: then `kill` it."""
        self.calls += 1
        try:
            async with asyncio.timeout(seconds):
                number, data = await self._exchange(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
        except TimeoutError:
            raise GuardKilled(Limit.TIME, f"not done after {seconds:g} s") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise await self._died() from None
        if number == Kind.OUT_OF_MEMORY:
            raise GuardKilled(Limit.MEMORY, "it asked for more than it may have")
        if number == Kind.RAISED:
            raise GuardRaised(*_told(data))
        return data

    async def _exchange(self, data: bytes) -> tuple[int, bytes]:
        self._writer.writelines((HEADER.pack(0, len(data)), data))
        await self._writer.drain()
        number, length = HEADER.unpack(await self._reader.readexactly(HEADER.size))
        if length > MAX_ANSWER_BYTES:
            raise GuardKilled(Limit.MEMORY, f"its answer has {length:,} bytes, {MAX_ANSWER_BYTES:,} are allowed")
        return number, await self._reader.readexactly(length)

    async def _died(self) -> GuardKilled:
        self._end_group()
        code = await self._process.wait()
        if -code == signal.SIGXCPU:
            return GuardKilled(Limit.TIME, "its processor time is used up")
        return GuardKilled(Limit.CRASH, signal.Signals(-code).name if code < 0 else f"it ended with code {code}")

    async def kill(self) -> None:
        self._end_group()
        self._writer.close()
        await asyncio.shield(self._process.wait())

    def _end_group(self) -> None:
        """The child and what it started. Once: afterwards its number may be another's."""
        if not self.ended:
            self.ended = True
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _told(data: bytes) -> tuple[str, str]:
    """Name and text of an exception."""
    try:
        name, text = json.loads(data[: 20 * MAX_TOLD])  # what is longer was not written by ours
    except (ValueError, TypeError, RecursionError):
        return "Exception", "the child does not say which"
    return str(name)[:MAX_TOLD], str(text)[:MAX_TOLD]


def environment() -> dict[str, str]:
    """Nothing of ours but where programs and modules are."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
