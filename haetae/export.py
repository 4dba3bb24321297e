"""Hash lists as files, in the form that `haetae hashes import` reads."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.events.values import HashEntry

HEADER = ("bank", "entry", "category", "algorithm", "hash", "variant", "threshold")


def write_hashes(by_bank: Mapping[str, Sequence[HashEntry]], file: Path) -> int:
    """Returns how many were written."""
    rows = [
        (bank, entry.entry, entry.category, entry.algorithm, entry.hash, entry.variant, entry.threshold)
        for bank, entries in by_bank.items()
        for entry in entries
    ]
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        writer.writerows(rows)
    return len(rows)
