"""Which list is which, and how each is read."""

from collections.abc import Callable, Iterator
from pathlib import Path

from services.classifier.hashes.exchange.keys import read_trusted
from services.classifier.hashes.exchange.ncmec import read_ncmec
from services.classifier.hashes.exchange.records import Record
from services.classifier.hashes.exchange.signals import read_signals
from services.classifier.hashes.exchange.signed import read_signed
from services.classifier.hashes.exchange.stopncii import read_stopncii

FOREIGN = ("ncmec", "stopncii", "threatexchange", "signed")
PEEKED = 4096  # bytes that tell what a file is

Reader = Callable[[Path, str], Iterator[Record]]


def detect(file: Path) -> str:
    """csv, jsonl or one of `FOREIGN`. Raises `ValueError` for what is none of them."""
    with file.open("rb") as opened:
        start = opened.read(PEEKED).removeprefix(b"\xef\xbb\xbf").lstrip()
    first = start.partition(b"\n")[0].strip()
    if start.startswith(b"<"):
        return "ncmec"
    if start.startswith(b"{"):
        return "signed" if b'"haetae":"hashes"' in first else "stopncii" if b'"hashRecords"' in start else "jsonl"
    if first.startswith(b"signal_type,") or (b" " in first and b"," not in first):
        return "threatexchange"
    if b"," in first:
        return "csv"
    raise ValueError(f"{file.name}: not recognised; give --format csv, jsonl, {', '.join(FOREIGN)}")


def reader(format: str, trusted: Path | None) -> Reader:
    """`trusted`: the file of trusted keys, which signed lists need. Raises `ValueError`."""
    if format == "signed":
        if trusted is None:
            raise ValueError("a signed list needs the file of trusted keys; give --trusted FILE")
        keys = read_trusted(trusted)
        return lambda file, _: read_signed(file, keys)
    readers: dict[str, Reader] = {"ncmec": read_ncmec, "stopncii": read_stopncii, "threatexchange": read_signals}
    return readers[format]
