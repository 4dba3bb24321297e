"""One supervised child process: what it is (`ProcessSpec`) and one run of it (`Process`)."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.leftovers import HOME_MARK
from shared.private import leave_nothing_open

Hook = Callable[[], Awaitable[None]]
Probe = Callable[[], Awaitable[bool]]

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


async def always() -> bool:
    """The probe of a process that is ready as soon as it runs."""
    return True


def nothing() -> None:
    """The `tidy` of a process that stays in its home."""


@dataclass(frozen=True)
class RunAs:
    """An unprivileged user, for programs that refuse to be root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class ProcessSpec:
    """Everything the supervisor needs to know about one process.

    `before` runs ahead of every spawn (make folders, clear a stale lock); `after` once the process answers its `ready`
    probe (create a database, buckets) and before anything that needs it is started; `tidy` removes what it leaves
    outside its home, ahead of every spawn and whenever it has ended. `env` is added to the supervisor's environment
    without its `HAETAE_` settings: a child is told exactly what it may know, nothing by inheritance.
    """

    name: str
    command: Sequence[str | Path]
    ready: Probe = always
    needs: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    before: Hook | None = None
    after: Hook | None = None
    tidy: Callable[[], None] = nothing
    run_as: RunAs | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    # What the kernel sends when the supervisor itself dies: nobody is left to wait, so it has to be sure.
    death_signal: signal.Signals = signal.SIGKILL
    grace_seconds: float = 10.0
    ready_seconds: float = 60.0
    # Restarts in a row without a healthy stretch between them; 0: its death is the stack's failure.
    restarts: int = 5


class Process:
    """One run of a `ProcessSpec`, in a session of its own, tied to the life of the thread that spawned it."""

    def __init__(self, spec: ProcessSpec, running: asyncio.subprocess.Process) -> None:
        self.spec = spec
        self.pid = running.pid
        self._running = running

    @classmethod
    async def spawn(cls, spec: ProcessSpec, home: Path, log: Path) -> Process:
        """Start it with stdout and stderr appended to `log`. Raises OSError when the program cannot be executed."""
        who = spec.run_as
        with log.open("ab") as out:
            running = await asyncio.create_subprocess_exec(
                *map(str, spec.command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=spec.cwd,
                env=environment(spec, home),
                start_new_session=True,
                preexec_fn=die_with_parent(os.getpid(), spec.death_signal),
                user=who.uid if who else None,
                group=who.gid if who else None,
                extra_groups=[] if who else None,
            )
        return cls(spec, running)

    @property
    def alive(self) -> bool:
        return self._running.returncode is None

    async def wait(self) -> int:
        """The exit status; negative for a signal, as in `subprocess`."""
        return await self._running.wait()

    def signal(self, number: signal.Signals) -> None:
        if self.alive:
            self._running.send_signal(number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to stop, and after its grace kill it; its exit status."""
        self.signal(self.spec.stop_signal)
        try:
            await asyncio.wait_for(self.wait(), self.spec.grace_seconds)
        except TimeoutError:
            self.kill()
        return await self.wait()

    def kill_group(self) -> None:
        """SIGKILL for what is left of its session, also after the first process of it has ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def environment(spec: ProcessSpec, home: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HAETAE_")}
    return {**inherited, **spec.env, HOME_MARK: str(home)}


def die_with_parent(parent: int, number: signal.Signals) -> Callable[[], None]:
    """For the child between fork and exec: no orphan outlives a supervisor that was killed with SIGKILL."""

    def prepare() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(number))
        leave_nothing_open()
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return prepare
