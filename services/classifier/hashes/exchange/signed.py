"""Hashes from agency to agency: JSON lines, the first says who, the last proves it.

{"haetae":"hashes","version":1,"agency":…,"bank":…,"kind":…,"category":…,"created":…,"key":…}
{"entry":…,"category":…,"algorithm":…,"hash":…,"variant":…,"threshold":…}    (any number)
{"lines":…,"sha256":…,"signature":…}

The SHA-256 runs over every line before the last, each without its line end and followed by one U+000A; the Ed25519
signature is over `CONTEXT` and that digest. So nothing can be changed, left out, added or reordered. Nothing of a file
is listed before the whole of it was proved.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import AwareDatetime, Field, ValidationError

from services.classifier.hashes.entries import BankDraft, BankHash, Kind, Source
from services.classifier.hashes.exchange.keys import TrustedAgency, key_id
from services.classifier.hashes.exchange.records import MOST_LABEL, Record
from services.classifier.hashes.hash_files import Listing, Problem
from shared.events import Value

CONTEXT = b"haetae hashes 1\n"
LONGEST_LINE = 16 * 1024  # bytes: a hash with its names is 300


class Header(Value):
    haetae: Literal["hashes"] = "hashes"
    version: Literal[1] = 1
    agency: str = Field(min_length=1, max_length=MOST_LABEL)
    bank: str = Field(min_length=1, max_length=MOST_LABEL)
    kind: Kind
    category: str = Field(max_length=MOST_LABEL)
    created: AwareDatetime
    key: str

    @property
    def listed_as(self) -> str:
        """Two agencies may have banks of one name."""
        return f"{self.agency}: {self.bank}"

    def draft(self) -> BankDraft:
        return BankDraft(
            source=Source.EXCHANGE,
            kind=self.kind,
            agency=self.agency,
            category=self.category,
            provenance=f"signed by {self.agency} with key {self.key}, {self.created:%Y-%m-%d}",
        )


def write_signed(out: BinaryIO, header: Header, hashes: Iterable[BankHash], key: Ed25519PrivateKey) -> int:
    """How many hashes. `header.key` must be the key's id."""
    digest, count = hashlib.sha256(), 0
    rows = (value.model_dump(mode="json") for value in hashes)
    for number, line in enumerate(chain([header.model_dump(mode="json")], rows)):
        text = _canonical(line)
        digest.update(text + b"\n")
        out.write(text + b"\n")
        count = number
    signature = base64.b64encode(key.sign(CONTEXT + digest.digest())).decode()
    out.write(_canonical({"lines": count, "sha256": digest.hexdigest(), "signature": signature}) + b"\n")
    return count


def read_header(file: Path, trusted: dict[str, TrustedAgency]) -> Header:
    """Prove the whole file. Raises `ValueError` naming the line and what is wrong with it."""
    digest, count, header = hashlib.sha256(), -1, None
    last = b""
    for number, line in _lines(file):
        if number > 1:
            digest.update(last + b"\n")
            count += 1
        if header is None:
            header = _header(file, line)
        last = line
        end = number
    if header is None:
        raise ValueError(f"{file.name}: the file is empty")
    _check_end(file, end, _object(last), count, digest, header, trusted)
    return header


def read_signed(file: Path, trusted: dict[str, TrustedAgency]) -> Iterator[Record]:
    """Raises `ValueError` before the first record when the file is not proved."""
    bank = read_header(file, trusted).listed_as
    before: tuple[int, bytes] | None = None
    for number, line in _lines(file):
        if before and before[0] > 1:
            yield _record(bank, *before)
        before = number, line


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    with file.open("rb") as lines:
        for number in range(1, 1 << 62):
            line = lines.readline(LONGEST_LINE + 1)
            if not line:
                return
            if len(line) > LONGEST_LINE:
                raise ValueError(f"{file.name}: line {number} is longer than {LONGEST_LINE} bytes")
            yield number, line.rstrip(b"\r\n")


def _header(file: Path, line: bytes) -> Header:
    try:
        return Header.model_validate(_object(line))
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"])) or "header"
        raise ValueError(f"{file.name}: line 1: {field}: no signed list of hashes, or of another version") from error


def _check_end(
    file: Path,
    number: int,
    end: dict[str, Any],
    count: int,
    digest: "hashlib._Hash",
    header: Header,
    trusted: dict[str, TrustedAgency],
) -> None:
    where = f"{file.name}: line {number}"
    if "signature" not in end:
        raise ValueError(f"{where}: the last line is no signature: the file was cut off; ask for it again")
    if end.get("lines") != count or end.get("sha256") != digest.hexdigest():
        raise ValueError(f"{where}: the lines are not those that were signed: the file was changed; ask for it again")
    agency = trusted.get(header.key)
    if agency is None:
        raise ValueError(
            f"{file.name}: line 1: key {header.key[:MOST_LABEL]!r} is not trusted here; check it with "
            f"{header.agency!r} by telephone, then add it to the file of trusted keys"
        )
    if agency.agency != header.agency:
        raise ValueError(f"{file.name}: line 1: key {header.key} is of {agency.agency!r}, not of {header.agency!r}")
    try:
        signature = base64.b64decode(written := str(end["signature"]), validate=True)
        if base64.b64encode(signature).decode() != written:  # the last letter has bits that decoding ignores
            raise ValueError("its spelling is not the canonical one")
        agency.key.verify(signature, CONTEXT + digest.digest())
    except (InvalidSignature, ValueError) as error:
        raise ValueError(f"{where}: the signature is not that of {agency.agency!r}: nothing is listed") from error


def _record(bank: str, number: int, line: bytes) -> Record:
    try:
        return Listing(bank, BankHash.model_validate(_object(line)))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "hash"
        return Problem(number, f"{field}: {first['msg']}")


def _canonical(line: dict[str, Any]) -> bytes:
    return json.dumps(line, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def header_of(agency: str, bank: str, kind: Kind, category: str, created: datetime, key: Ed25519PrivateKey) -> Header:
    return Header(agency=agency, bank=bank, kind=kind, category=category, created=created, key=key_id(key.public_key()))
