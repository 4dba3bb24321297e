"""Runs processes in the order of their needs, restarts what dies, stops everything in reverse order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from deploy.local.process import Process, ProcessSpec

POLL_SECONDS = 0.05
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
# A process that ran this long was healthy: its next death starts counting restarts anew.
HEALTHY_SECONDS = 30.0
LAST_LINES = 12
# What is read from the end of a log to find those lines.
TAIL_BYTES = 16_384

Kind = Literal["started", "ready", "died", "failed", "stopped"]


@dataclass(frozen=True)
class StackEvent:
    """What happened to one process. `seconds` since its spawn (ready, died) or since it was told to stop (stopped)."""

    name: str
    kind: Kind
    seconds: float = 0.0
    pid: int | None = None
    code: int | None = None
    detail: str = ""


class StackFailed(RuntimeError):
    """A process did not become ready or kept dying; the message has its last log lines."""


@dataclass
class Supervised:
    spec: ProcessSpec
    up: asyncio.Event = field(default_factory=asyncio.Event)
    process: Process | None = None
    keeper: asyncio.Task[None] | None = None
    stopping: bool = False
    ordered: bool = False  # its death was ordered: it says nothing about its health


class Supervisor:
    """Processes may be added at any time; each starts when those it needs are ready."""

    def __init__(self, home: Path, logs: Path, on_event: Callable[[StackEvent], None]) -> None:
        self._home, self._logs, self._on_event = home, logs, on_event
        self._all: dict[str, Supervised] = {}
        self._failed = asyncio.Event()
        self._failure = ""

    @property
    def names(self) -> list[str]:
        return list(self._all)

    def pid(self, name: str) -> int | None:
        process = self._all[name].process
        return process.pid if process and process.alive else None

    def add(self, spec: ProcessSpec) -> None:
        """Start it as soon as its needs are ready. Raises ValueError for a name in use or a need that is not there."""
        if spec.name in self._all:
            raise ValueError(f"process {spec.name!r} is there already: give it another name")
        if missing := [need for need in spec.needs if need not in self._all]:
            raise ValueError(f"process {spec.name!r} needs {', '.join(missing)}: add that first")
        keep_last_run(self._logs / f"{spec.name}.log")
        self._start(Supervised(spec))

    async def ready(self, *names: str) -> None:
        """Wait until these (all, if none is named) are ready. Raises `StackFailed` if that cannot happen any more."""
        up = asyncio.create_task(self._all_up(names or tuple(self._all)))
        failed = asyncio.create_task(self._failed.wait())
        await asyncio.wait([up, failed], return_when=asyncio.FIRST_COMPLETED)
        failed.cancel()
        if not up.done():
            up.cancel()
            raise StackFailed(self._failure)

    async def _all_up(self, names: tuple[str, ...]) -> None:
        for name in names:
            await self._all[name].up.wait()

    async def answers(self, name: str) -> bool:
        """Whether it is up and says so at this moment."""
        entry = self._all[name]
        return entry.up.is_set() and await entry.spec.ready()

    async def failure(self) -> str:
        """Wait until a process has failed for good; why."""
        await self._failed.wait()
        return self._failure

    async def kill(self, name: str) -> None:
        """SIGKILL one, as a crash would; it is restarted, and `ready(name)` waits for its next run."""
        entry = self._all[name]
        if entry.process is None:
            return
        entry.up.clear()
        entry.ordered = True
        entry.process.kill()
        await entry.process.wait()

    async def halt(self, name: str) -> None:
        """Stop one and leave it down until `resume`."""
        await self._end(self._all[name])

    def resume(self, name: str) -> None:
        self._start(Supervised(self._all[name].spec))

    async def stop(self) -> None:
        """Stop all, those that others need last; what has no relation stops side by side."""
        left = dict(self._all)
        for entry in left.values():
            entry.stopping = True
        while left:
            needed = {need for entry in left.values() for need in entry.spec.needs}
            level = [name for name in left if name not in needed]
            await asyncio.gather(*(self._end(left.pop(name)) for name in level))
        self._all.clear()

    def _start(self, entry: Supervised) -> None:
        self._all[entry.spec.name] = entry
        entry.keeper = asyncio.create_task(self._keep(entry), name=f"keep {entry.spec.name}")

    async def _keep(self, entry: Supervised) -> None:
        try:
            await self._run_again_and_again(entry)
        except Exception as error:  # a hook of the spec, or a program that cannot be executed
            self._fail(entry, f"{type(error).__name__}: {error}")

    async def _run_again_and_again(self, entry: Supervised) -> None:
        spec, deaths = entry.spec, 0
        await asyncio.gather(*(self._all[need].up.wait() for need in spec.needs))
        while not entry.stopping:
            begun = time.monotonic()
            code = await self._run_once(entry)
            if entry.stopping or self._failed.is_set():
                return
            ran = time.monotonic() - begun
            deaths = 1 if ran > HEALTHY_SECONDS or entry.ordered else deaths + 1
            self._tell(entry, "died", ran, code=code, detail=self._tail(spec.name))
            if deaths > spec.restarts:
                self._fail(entry, f"ended with {code}" + (f", {deaths} times in a row" if deaths > 1 else ""))
                return
            await asyncio.sleep(min(FIRST_PAUSE_SECONDS * 2 ** (deaths - 1), LONGEST_PAUSE_SECONDS))

    async def _run_once(self, entry: Supervised) -> int:
        spec, begun = entry.spec, time.monotonic()
        spec.tidy()
        if spec.before:
            await spec.before()
        entry.ordered = False
        process = entry.process = await Process.spawn(spec, self._home, self._logs / f"{spec.name}.log")
        self._tell(entry, "started")
        ended = asyncio.create_task(process.wait())
        try:
            if await self._becomes_ready(entry, ended, begun + spec.ready_seconds):
                entry.up.set()
                self._tell(entry, "ready", time.monotonic() - begun)
            code = await ended
        finally:
            entry.up.clear()
            process.kill_group()
            spec.tidy()
        return code

    async def _becomes_ready(self, entry: Supervised, ended: asyncio.Task[int], deadline: float) -> bool:
        """False if it ended or was told to stop; one that only never answers is the stack's failure."""
        why = "it does not answer"
        while not ended.done() and not entry.stopping:
            try:
                if await entry.spec.ready():
                    if entry.spec.after:
                        await entry.spec.after()
                    return not ended.done()
            except Exception as error:  # just started, a server may still refuse what it will soon do
                why = f"{type(error).__name__}: {error}"
            if time.monotonic() > deadline:
                self._fail(entry, f"not ready within {entry.spec.ready_seconds:.0f} s: {why}")
                return False
            await asyncio.wait([ended], timeout=POLL_SECONDS)
        return False

    async def _end(self, entry: Supervised) -> None:
        entry.stopping = True
        begun, process = time.monotonic(), entry.process
        if process and process.alive:
            code = await process.stop()
            self._tell(entry, "stopped", time.monotonic() - begun, code=code)
        if entry.keeper:
            entry.keeper.cancel()
            await asyncio.wait([entry.keeper])

    def _fail(self, entry: Supervised, why: str) -> None:
        name = entry.spec.name
        tail = self._tail(name)
        log = f"; the last lines of {self._logs / name}.log:\n{tail}" if tail else ""
        self._failure = f"{name} {why}{log}"
        self._failed.set()
        self._tell(entry, "failed", detail=self._failure)

    def _tell(
        self, entry: Supervised, kind: Kind, seconds: float = 0.0, *, code: int | None = None, detail: str = ""
    ) -> None:
        pid = entry.process.pid if entry.process else None
        self._on_event(StackEvent(entry.spec.name, kind, seconds, pid, code, detail))

    def _tail(self, name: str) -> str:
        return last_lines(self._logs / f"{name}.log")


def keep_last_run(log: Path) -> None:
    """One file a run, and the run before it beside it as `.1`."""
    if log.exists():
        log.replace(log.with_suffix(".log.1"))


def last_lines(log: Path, lines: int = LAST_LINES) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        text = file.read().decode(errors="replace")
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
