"""Hash lists as files: CSV with a header, or a JSON object a line. Pure; a wrong line is named, the rest is kept."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from services.classifier.hashes.bank import ORIGINAL
from services.classifier.hashes.variants import FOREIGN_THRESHOLD
from shared.events.values import HashEntry
from shared.rows import csv_values, json_object

NEEDED = ("bank", "entry", "category", "algorithm", "hash")
OPTIONAL = ("variant", "threshold")
HEADER = ",".join((*NEEDED, *OPTIONAL))
CURES = {
    "algorithm": "give pdq or sha256",
    "hash": "give 64 hexadecimal digits",
    "threshold": "give a whole number of differing bits, 0 to 90, or leave it out for 31",
}
LONGEST_NAME = 200  # of bank, entry, category and variant: they are shown to reviewers in one line

Parsed = tuple[dict[str, tuple[HashEntry, ...]], list[str]]


def parse_hashes(lines: Iterable[str], format: str) -> Parsed:
    """Entries by bank, and a sentence for each line that was not taken. `format`: "csv" or "jsonl".

    Raises `ValueError` for another format, and for a CSV file whose header lacks a column.
    """
    if format not in READERS:
        raise ValueError(f"format {format!r}: give one of {', '.join(READERS)}")
    by_bank: dict[str, list[HashEntry]] = {}
    problems: list[str] = []
    for number, fields in READERS[format](lines):
        try:
            bank, entry = _entry(fields)
            by_bank.setdefault(bank, []).append(entry)
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    return {bank: tuple(entries) for bank, entries in by_bank.items()}, problems


Fields = Mapping[str, Any] | str  # a str says why there are none


def _csv(lines: Iterable[str]) -> Iterator[tuple[int, Fields]]:
    first, *rest = [*lines] or [""]
    header = [name.strip().lower() for name in csv_values(first) or []]
    if missing := [name for name in NEEDED if name not in header]:
        raise ValueError(f"line 1: the header lacks {', '.join(missing)}; it should be {HEADER}")
    if unknown := [name for name in header if name not in (*NEEDED, *OPTIONAL)]:
        yield 1, f"{', '.join(unknown)}: no such column, left out; the columns are {HEADER}"
    for number, line in enumerate(rest, 2):
        values = csv_values(line)
        if values is None:
            yield number, "a quote is not closed, or stands in the wrong place; put whole values in quotes"
        elif len(values) > len(header):
            yield number, f"has {len(values)} fields, the header {len(header)}; quote fields that contain commas"
        elif values:
            yield number, dict(zip(header, values, strict=False))


def _json_lines(lines: Iterable[str]) -> Iterator[tuple[int, Fields]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, json_object(line)
        except ValueError as error:
            yield number, str(error)


READERS = {"csv": _csv, "jsonl": _json_lines}


def _entry(fields: Fields) -> tuple[str, HashEntry]:
    if isinstance(fields, str):
        raise ValueError(fields)
    values = {name: _trimmed(fields.get(name)) for name in (*NEEDED, *OPTIONAL)}
    for name in NEEDED:
        if values[name] in (None, ""):
            raise ValueError(f"{name} is missing; every line needs {', '.join(NEEDED)}")
    for name in ("bank", "entry", "category", "variant"):
        _check_name(name, values[name] or ORIGINAL)
    try:
        return values["bank"], HashEntry(
            entry=values["entry"],
            category=values["category"],
            algorithm=_lower(values["algorithm"]),
            hash=_lower(values["hash"]),
            variant=values["variant"] or ORIGINAL,
            threshold=FOREIGN_THRESHOLD if values["threshold"] in (None, "") else values["threshold"],
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise ValueError(f"{name} {str(values[name])[:LONGEST_NAME]!r}: {CURES.get(name, first['msg'])}") from error


def _check_name(name: str, value: object) -> None:
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"{name} {str(value)[:LONGEST_NAME]!r}: give text without control characters")
    if len(value) > LONGEST_NAME:
        raise ValueError(f"{name} has {len(value)} characters; shorten it to {LONGEST_NAME}")


def _trimmed(value: object) -> Any:  # noqa: ANN401  # whatever the file holds; HashEntry judges it
    return value.strip() if isinstance(value, str) else value


def _lower(value: object) -> Any:  # noqa: ANN401  # as above
    return value.lower() if isinstance(value, str) else value
