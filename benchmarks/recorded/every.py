"""Benchmarks one after another, each in a process of its own: one that fails is told, and the rest goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.recorded.kept import Kept
from benchmarks.recorded.versions import versions
from benchmarks.recorded.words import lasting, named, number, times

LONGEST_S = 1800.0
COMMAND = (sys.executable, "-m", "benchmarks")
LAST_WORDS = 5  # lines of what a benchmark said before it failed

Say = Callable[[str], None]
Keep = Callable[[str, Kept], None]


class Failed(Exception):
    """What it said last."""


def every(
    names: Sequence[str], *, quick: bool, home: Path, say: Say, keep: Keep, command: Sequence[str] = COMMAND
) -> list[str]:
    """The names of those that failed. `keep` is given each line as soon as it is there. `command`: what a name ends."""
    failed, used = [], versions()
    for place, name in enumerate(names, start=1):
        say(f"[{place}/{len(names)}] {name}")
        begun = time.monotonic()
        try:
            line = _line(name, quick, home / "log", command)
        except Failed as error:
            failed.append(name)
            say(f"  failed after {lasting(time.monotonic() - begun)}:\n{error}")
            continue
        took = round(time.monotonic() - begun, 1)
        say(f"  {told(line)}  [{lasting(took)}]")
        keep(name, Kept(line, took, quick, used))
    return failed


def told(line: dict[str, Any]) -> str:
    """One line for who watches."""
    beside = times(line["ratio"], named(line["against"]) or "the best peer") or times(line["floor_ratio"], "the floor")
    return f"{number(line['ours'])} {line['unit']}" + (f"; {beside}" if beside else "")


def _line(name: str, quick: bool, logs: Path, command: Sequence[str]) -> dict[str, Any]:
    """Raises `Failed`; what it said on the way is in `logs`."""
    logs.mkdir(parents=True, exist_ok=True)
    log, out = logs / f"{name}.log", logs / f"{name}.out"
    with log.open("wb") as said, out.open("wb") as printed:
        work = subprocess.Popen(
            [*command, name, *(["--quick"] if quick else [])], stdout=printed, stderr=said, start_new_session=True
        )
        try:
            status: int | None = work.wait(LONGEST_S)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            if work.poll() is None:  # too long, or interrupted: with all that it started
                os.killpg(work.pid, signal.SIGTERM)
                work.wait()
    lines = out.read_text().splitlines()
    if status == 0 and lines:
        found: dict[str, Any] = json.loads(lines[-1])
        return found
    why = "not done" if status is None else f"status {status}"
    last = "\n".join(f"    {words}" for words in [*lines, *log.read_text().splitlines()][-LAST_WORDS:])
    raise Failed(f"{last}\n    ({why}; all of it: {log})")
