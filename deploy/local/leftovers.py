"""Processes of a former stack in the same home that are still there, found by the mark in their environment.

The kernel ends the children of a killed supervisor; what this finds is what ignored that, or what they had started.
No pid files: after a crash or in a new container a pid belongs to somebody else.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

HOME_MARK = "HAETAE_STACK_HOME"
GONE_SECONDS = 5.0
POLL_SECONDS = 0.02


def marked(home: Path) -> list[int]:
    """Pids of other processes that carry the mark of `home`; only those whose environment we may read."""
    mark = f"{HOME_MARK}={home}".encode()
    return [pid for pid in pids() if pid != os.getpid() and mark in environment_of(pid)]


def end_leftovers(home: Path) -> list[int]:
    """SIGKILL them and wait until they are gone; the pids, for the log. Call it only while holding the home's lock."""
    found = marked(home)
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    end = time.monotonic() + GONE_SECONDS
    while found and marked(home) and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
    return found


def pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def environment_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # ended meanwhile, or another user's
        return []
