"""Which addresses do these processes listen on? Read from /proc, so that a test needs no tool."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

LISTEN = "0A"
LOOPBACK_PREFIXES = ("0100007F", "00000000000000000000000001000000")  # 127.0.0.1 and ::1, as the kernel writes them


def listening(pids: Iterable[int]) -> set[tuple[str, int]]:
    """(address in the kernel's hexadecimal, port) of each TCP socket that one of the processes listens on."""
    inodes = {inode for pid in pids for inode in sockets_of(pid)}
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and fields[9] in inodes:
                address, port = fields[1].split(":")
                found.add((address, int(port, 16)))
    return found


def sockets_of(pid: int) -> set[str]:
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target.removeprefix("socket:[").removesuffix("]"))
    return found
