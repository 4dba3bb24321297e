"""Lists as files, in the form that `import` reads."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from haetae.imports import format_of
from services.classifier.hashes.entries import BankHash
from services.crawler.registry.site_export import written
from services.crawler.registry.site_lines import SiteLine

HEADER = ("bank", "entry", "category", "algorithm", "hash", "variant", "threshold", "phash")


def write_hashes(by_bank: Mapping[str, Sequence[BankHash]], file: Path) -> int:
    """Returns how many were written."""
    rows = [
        (bank, entry.entry, entry.category, entry.algorithm, entry.hash, entry.variant, entry.threshold, entry.phash)
        for bank, entries in by_bank.items()
        for entry in entries
    ]
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        writer.writerows(rows)
    return len(rows)


def write_sites(sites: Sequence[SiteLine], file: Path) -> int:
    """Returns how many were written: all, or the file stays as it was."""
    lines = written(sites, format_of(file))
    part = file.with_name(f"{file.name}.part")
    with part.open("w", newline="", encoding="utf-8") as out:
        out.writelines(lines)
    part.replace(file)
    return len(sites)
