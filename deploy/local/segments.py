"""Names and places of PostgreSQL's log files (`XLogFileName`). Pure."""

import re
from collections.abc import Set

SEGMENT_BYTES = 16 * 1024 * 1024  # initdb's default
SEGMENT = re.compile("[0-9A-F]{24}")
SEGMENTS_A_FILE_NUMBER = 0x100000000 // SEGMENT_BYTES


def segment(timeline: int, number: int) -> str:
    return f"{timeline:08X}{number // SEGMENTS_A_FILE_NUMBER:08X}{number % SEGMENTS_A_FILE_NUMBER:08X}"


def number_of(name: str) -> int:
    return int(name[8:16], 16) * SEGMENTS_A_FILE_NUMBER + int(name[16:], 16)


def lsn(text: str) -> int:
    """`16/B374D848` as the byte that it is."""
    high, low = (int(part, 16) for part in text.split("/"))
    return (high << 32) + low


def written(position: int) -> str:
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


def missing(timeline: int, first: int, names: Set[str]) -> str | None:
    """Of one timeline, the first that is not there between `first` and the newest; None when there is no gap."""
    own = sorted(name for name in names if name.startswith(f"{timeline:08X}"))
    number = first
    while own and (name := segment(timeline, number)) <= own[-1]:
        if name not in names:
            return name
        number += 1
    return None
