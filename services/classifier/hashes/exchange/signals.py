"""The ThreatExchange library's own files: `signal_type signal` a line, as its local file exchange reads them, and the
CSV of `threatexchange dataset -P --csv`."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from services.classifier.hashes.entries import Algorithm, BankHash
from services.classifier.hashes.exchange.records import Record, listed, taken_back
from services.classifier.hashes.hash_files import Problem
from shared.rows import csv_values

COMPARED = {
    "pdq": Algorithm.PDQ, "video_md5": Algorithm.MD5, "md5": Algorithm.MD5, "sha256": Algorithm.SHA256,
}  # fmt: skip
WRITTEN = {Algorithm.PDQ: "pdq", Algorithm.MD5: "video_md5", Algorithm.SHA256: "sha256"}
HEADER = "signal_type,signal_str,collab,category,tags"
NEGATIVE = "NEGATIVE_CLASS"  # somebody found that it agrees with harmless content
LABEL_DIGITS = 16
LONGEST_LINE = 64 * 1024  # characters: a signal with its tags is some 300
CATEGORY = "threatexchange"


def read_signals(file: Path, bank: str) -> Iterator[Record]:
    """Raises `ValueError` for a line without an end."""
    left_out: Counter[str] = Counter()
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(iter(lambda: lines.readline(LONGEST_LINE + 1), ""), 1):
            if len(line) > LONGEST_LINE:
                raise ValueError(f"{file.name}: line {number} is longer than {LONGEST_LINE} characters")
            if not line.strip() or (number == 1 and line.strip() == HEADER):
                continue
            kind, digits, collab, opinion = _fields(line)
            label = f"{collab or CATEGORY} {digits.lower()[:LABEL_DIGITS]}"
            if not digits:
                yield Problem(number, "give the kind of signal, a blank, and the signal")
            elif kind not in COMPARED:
                left_out[kind[:LABEL_DIGITS]] += 1
            else:
                listing = listed(bank, label, collab or CATEGORY, COMPARED[kind], digits, number)
                negative = opinion == NEGATIVE
                yield taken_back(listing, "called a false positive at the exchange") if negative else listing
    for kind, count in sorted(left_out.items()):
        yield Problem(0, f"{count} signals of kind {kind!r} left out: they cannot be compared here")


def _fields(line: str) -> tuple[str, str, str, str]:
    """Kind, signal, collaboration, opinion; empty where the line does not say it."""
    values = csv_values(line) or []
    if len(values) == HEADER.count(",") + 1:
        return values[0], values[1], values[2], values[3]
    kind, _, signal = line.strip().partition(" ")
    return kind, signal.strip(), "", ""


def signal_lines(hashes: Iterable[BankHash]) -> Iterator[str]:
    """Without line ends. What the library has no type for is left out."""
    return (f"{WRITTEN[value.algorithm]} {value.hash}" for value in hashes if value.algorithm in WRITTEN)
