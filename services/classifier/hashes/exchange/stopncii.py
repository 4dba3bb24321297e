"""StopNCII: the JSON that its API answers FetchHashes with, saved to a file: one answer, or one a line.

A record is a hash that a person submitted; `Withdrawn` and `Deleted` take it back. Video hashes are MD5 of the file.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.classifier.hashes.entries import Algorithm, BankHash
from services.classifier.hashes.exchange.records import Record, listed, taken_back
from services.classifier.hashes.hash_files import Problem

COMPARED = {"ImagePDQ": Algorithm.PDQ, "VideoMD5": Algorithm.MD5}
NAMES = {algorithm: name for name, algorithm in COMPARED.items()}
TAKEN_BACK = ("Withdrawn", "Deleted")
CATEGORY = "stopncii"
LABEL_DIGITS = 16  # of the hash, in the entry's name: two of ten million agree once in 400,000 such lists
MAX_ANSWER = 64 * 1024 * 1024  # characters of a line: an answer has 800 records of some 300


def read_stopncii(file: Path, bank: str) -> Iterator[Record]:
    """Raises `ValueError` for a file that holds no such answer."""
    left_out: Counter[str] = Counter()
    number = 0
    for record in _answers(file):
        number += 1
        kind, digits = record.get("signalType"), record.get("hashValue")
        if not isinstance(digits, str) or not isinstance(kind, str):
            yield Problem(number, "the record has no signalType or no hashValue")
            continue
        label = f"stopncii {digits.lower()[:LABEL_DIGITS]}"
        if kind not in COMPARED:
            left_out[kind[:LABEL_DIGITS]] += 1
            continue
        listing = listed(bank, label, CATEGORY, COMPARED[kind], digits, number)
        status = record.get("hashStatus")
        yield taken_back(listing, f"{status} at StopNCII".lower()) if status in TAKEN_BACK else listing
    for kind, count in sorted(left_out.items()):
        yield Problem(0, f"{count} hashes of kind {kind!r} left out: they cannot be compared here")


def _answers(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8-sig") as lines:
        text = lines.readline(MAX_ANSWER)
        whole = _json(text)
        if whole is None:  # one answer, written over several lines
            whole = _json(text + lines.read(MAX_ANSWER))
        while whole is not None:
            records = whole.get("hashRecords")
            if not isinstance(records, list):
                raise ValueError(f"{file.name}: no hashRecords; give what FetchHashes answered")
            yield from (record if isinstance(record, dict) else {} for record in records)
            text = lines.readline(MAX_ANSWER)
            if not text.strip():
                return
            whole = _json(text)
    raise ValueError(f"{file.name}: no JSON of StopNCII's FetchHashes, or more than {MAX_ANSWER:,} characters of it")


def _json(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def stopncii_json(hashes: list[BankHash], moment: int) -> bytes:
    """The body of SubmitHashes for what it can take: PDQ of pictures as they are, MD5 of files. `moment`: Unix time."""
    records = [
        {
            "lastModtimestamp": moment,
            "signalType": NAMES[value.algorithm],
            "hashValue": value.hash,
            "CSPFeedbacks": [{"tags": [value.category], "feedbackValue": "Blocked"}],
        }
        for value in hashes
        if value.algorithm in NAMES
    ]
    return json.dumps({"count": len(records), "hashRecords": records}, indent=1).encode()
