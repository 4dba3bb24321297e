"""The browsers that this process has started, for who kills them."""

import os
from pathlib import Path


def chromium_processes() -> list[int]:
    """The browser processes that descend from this one, without their helpers."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            parents[int(stat.parent.name)] = (int(rest.split()[1]), name)
        except OSError:
            continue
    mine = {os.getpid()}
    while more := {pid for pid, (parent, _) in parents.items() if parent in mine} - mine:
        mine |= more
    return [pid for pid in mine if pid in parents and "chrom" in parents[pid][1]]
