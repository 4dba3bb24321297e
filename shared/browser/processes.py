"""The processes of a browser, and what it leaves behind (Linux; elsewhere nothing is known of them)."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PROFILE, ARTIFACTS = "playwright_chromiumdev_profile-", "playwright-artifacts-"  # as Playwright names its folders
A_DAY_S = 24 * 3600.0
SHARED = Path("/dev/shm")  # noqa: S108  the system's own place for shared memory
ENOUGH_SHARED = 512 * 1024 * 1024  # bytes; containers that nobody thought of have 64 MiB, too few for one large page


class Process(NamedTuple):
    """`started`: in the kernel's ticks; a number is given again, both together never."""

    pid: int
    started: int


def tree(pid: int) -> tuple[Process, ...]:
    """A process and all that descend from it; empty when it is gone."""
    pids = [pid]
    for one in pids:
        with suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                pids += map(int, (task / "children").read_text().split())
    return tuple(Process(one, started) for one in pids if (started := _started(one)))


def parent(pid: int) -> Process | None:
    """Who started it."""
    words = _state(pid)
    above = int(words[1]) if words else 0  # field 4, proc_pid_stat(5)
    return Process(above, started) if above and (started := _started(above)) else None


def lives(process: Process) -> bool:
    """Whether it is there and no mere entry that nobody took note of."""
    return _started(process.pid) == process.started and _state(process.pid)[:1] != ["Z"]


def private_bytes(found: tuple[Process, ...]) -> int:
    """Memory that belongs to these processes alone: what they share is not counted once for each."""
    return sum(_anonymous(process.pid) for process in found)


def end(found: tuple[Process, ...]) -> None:
    """Kill those that are left, and take note of their end where that is ours to do: as the first process of a
    container we inherit those whose parent died."""
    left = [process.pid for process in found if _started(process.pid) == process.started]
    for pid in left:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    for pid in left:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def profile_of(pid: int) -> Path | None:
    """The folder that a browser was started with."""
    return next((Path(word[16:]) for word in _words(pid) if word.startswith("--user-data-dir=")), None)


def sweep(folder: Path | None = None) -> int:
    """Remove folders of browsers that were killed together with whoever started them; how many."""
    place = folder or Path(tempfile.gettempdir())
    used = {profile_of(int(pid.name)) for pid in Path("/proc").glob("[0-9]*")}
    if not used:
        return 0
    swept = 0
    for profile in place.glob(f"{PROFILE}*"):
        if profile not in used and _old(profile, 60.0):
            shutil.rmtree(profile, ignore_errors=True)
            swept += 1
    for artifacts in place.glob(f"{ARTIFACTS}*"):
        if _old(artifacts, A_DAY_S):  # whose they are cannot be told
            with suppress(OSError):
                artifacts.rmdir()
                swept += 1
    return swept


def shared_memory_is_enough() -> bool:
    with suppress(OSError):
        free = os.statvfs(SHARED)
        return os.access(SHARED, os.W_OK) and free.f_bavail * free.f_frsize >= ENOUGH_SHARED
    return False


def _old(path: Path, seconds: float) -> bool:
    with suppress(OSError):
        state = path.stat()
        return state.st_uid == os.geteuid() and time.time() - state.st_mtime > seconds
    return False


def _words(pid: int) -> Iterator[str]:
    with suppress(OSError):
        yield from Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")


def _started(pid: int) -> int:
    """0 when it is gone."""
    words = _state(pid)
    return int(words[19]) if words else 0  # field 22, proc_pid_stat(5)


def _state(pid: int) -> list[str]:
    """From field 3 of proc_pid_stat(5) on; empty when it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []


def _anonymous(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0
