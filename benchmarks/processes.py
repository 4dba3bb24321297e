"""What the kernel says of a process. Linux; each raises `OSError` where it has ended."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
CHROMIUM = "chromium"  # of whichever service: it lives and dies with pages


def state(pid: int) -> list[str]:
    """Of proc_pid_stat(5), from the third field on: a program's name may have spaces."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_s(pid: int) -> float:
    """User and system time, without children."""
    return sum(map(int, state(pid)[11:13])) / TICKS


def pss_mb(pid: int) -> float:
    """Proportional set size: what several processes share counts once among them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def is_browser(pid: int) -> bool:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    return b"chrom" in command.rpartition(b"/")[2] or b"headless_shell" in command
