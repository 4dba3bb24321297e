"""What a process and its children have used, read from outside: every thread counts, whatever it is written in."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Used:
    """`starved_s`: how long its main thread could have run, and somebody else had the core."""

    cpu_s: float
    peak_mb: float
    starved_s: float


def used(pid: int) -> Used:
    """User and system time, and the most memory that was resident, of a process and what it started."""
    cpu_s = peak_kb = 0.0
    for one in _family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            status = Path(f"/proc/{one}/status").read_text()
        except OSError:  # it has ended meanwhile
            continue
        # utime and stime of proc(5), and of its children that have ended, when its own are waited for
        cpu_s += sum(map(int, fields[11:15])) / TICKS
        peak_kb += next((float(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0.0)
    return Used(cpu_s, peak_kb / 1024, _starved_s(pid))


def _starved_s(pid: int) -> float:
    """Of the kernel's accounts (Documentation/scheduler/sched-stats); 0 where it keeps none."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _family(int(child))


def cores() -> tuple[int, int]:
    """(for the crawler, for all else); the same one where there is only one."""
    there = sorted(os.sched_getaffinity(0))
    return there[-1], there[0]
