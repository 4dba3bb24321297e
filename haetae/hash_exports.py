"""Banks as files: for oneself, and in the forms in which hashes are given to others."""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from haetae.export import HEADER
from services.classifier.hashes.banks import require_bank
from services.classifier.hashes.entries import BankHash, Kind
from services.classifier.hashes.exchange.keys import read_private
from services.classifier.hashes.exchange.ncmec import ncmec_xml
from services.classifier.hashes.exchange.signals import signal_lines
from services.classifier.hashes.exchange.signed import header_of, write_signed
from services.classifier.hashes.exchange.stopncii import stopncii_json
from services.classifier.hashes.listing import stored
from services.classifier.hashes.store import Bank
from shared.database import Database

OWN = ("csv", "jsonl")
OTHERS = ("threatexchange", "ncmec", "stopncii", "signed")


@dataclass(frozen=True)
class Wanted:
    """`agency`: as which we sign, or our member id at NCMEC. `key`: file of the private key, for signed lists."""

    bank: str
    format: str
    agency: str
    key: Path | None
    at: datetime


async def export_bank(database: Database, wanted: Wanted, file: Path) -> int:
    """How many hashes: all that are not switched off, or the file stays as it was. Raises `ValueError`."""
    bank = await require_bank(database, wanted.bank)
    _check(wanted, bank)
    part = file.with_name(f"{file.name}.part")
    count = 0
    with part.open("wb") as out:
        if wanted.format in OWN:
            write = _csv(out) if wanted.format == "csv" else _json_lines(out)
            async for page in stored(database, wanted.bank):
                write(wanted.bank, page)
                count += len(page)
        else:
            hashes = [one async for page in stored(database, wanted.bank) for one in page]
            _for_others(out, wanted, bank, hashes)
            count = len(hashes)
    part.replace(file)
    return count


def _check(wanted: Wanted, bank: Bank) -> None:
    if wanted.format not in (*OWN, *OTHERS):
        raise ValueError(f"format {wanted.format!r}: give one of {', '.join((*OWN, *OTHERS))}")
    if wanted.format in OTHERS and not bank.shared:
        raise ValueError(
            f"bank {bank.name!r} is not to be given to others; `haetae banks set NAME --shared` changes that"
        )
    if wanted.format in OTHERS and bank.kind == Kind.HARMLESS and wanted.format != "signed":
        raise ValueError(f"bank {bank.name!r} lists what is harmless: of others only signed lists can say so")
    if wanted.format in ("signed", "ncmec") and not wanted.agency:
        raise ValueError("agency: say as whom the list is given; give --agency NAME")
    if wanted.format == "signed" and wanted.key is None:
        raise ValueError("key: a signed list needs the private key; give --key FILE, made by `haetae hashes keygen`")


def _csv(out: BinaryIO) -> Callable[[str, Sequence[BankHash]], None]:
    lines = csv.writer(_Text(out))
    lines.writerow(HEADER)

    def write(bank: str, page: Sequence[BankHash]) -> None:
        lines.writerows([bank, *(_value(one, name) for name in HEADER[1:])] for one in page)

    return write


def _json_lines(out: BinaryIO) -> Callable[[str, Sequence[BankHash]], None]:
    def write(bank: str, page: Sequence[BankHash]) -> None:
        for one in page:
            line = {"bank": bank, **one.model_dump(mode="json", exclude_none=True)}
            out.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    return write


def _for_others(out: BinaryIO, wanted: Wanted, bank: Bank, hashes: Iterable[BankHash]) -> None:
    match wanted.format:
        case "threatexchange":
            out.writelines(f"{line}\n".encode() for line in signal_lines(hashes))
        case "ncmec":
            entries: dict[str, list[BankHash]] = {}
            for one in hashes:
                entries.setdefault(one.entry, []).append(one)
            out.write(ncmec_xml(entries, wanted.agency))
        case "stopncii":
            out.write(stopncii_json(list(hashes), int(wanted.at.timestamp())))
        case "signed" if wanted.key:
            key = read_private(wanted.key)
            header = header_of(wanted.agency, bank.name, Kind(bank.kind), bank.category, wanted.at, key)
            write_signed(out, header, hashes, key)


def _value(one: BankHash, name: str) -> object:
    value = getattr(one, name)
    return "" if value is None else value


class _Text:
    """What `csv` writes to."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return self._out.write(text.encode())
