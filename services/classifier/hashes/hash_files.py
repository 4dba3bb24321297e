"""Hash lists as files: CSV with a header, or a JSON object a line. A wrong line is named, the rest is kept.

Read as they are taken: a list of millions is never in memory as a whole. Pure.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from services.classifier.hashes.entries import OCTETS, ORIGINAL, Algorithm, BankHash, bank_name
from shared.rows import csv_values, json_object

NEEDED = ("bank", "entry", "category", "algorithm", "hash")
OPTIONAL = ("variant", "threshold", "phash")
HEADER = ",".join((*NEEDED, *OPTIONAL))
ALGORITHMS = ", ".join(Algorithm)
CURES = {
    "algorithm": f"give one of {ALGORITHMS}",
    "phash": "give 16 hexadecimal digits, or leave it out",
    "threshold": "give a whole number of differing bits, 0 to 90, or leave it out for the bank's own",
}
SHOWN = 200  # characters of a wrong value that are said again


class Listing(NamedTuple):
    """A hash and the bank that it is for."""

    bank: str
    entry: BankHash


class Problem(NamedTuple):
    """Why a line was not taken, and the cure. Line 0: it is of the whole file."""

    line: int
    sentence: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.sentence}" if self.line else self.sentence


Read = Iterator[Listing | Problem]
Fields = Mapping[str, Any] | str  # a str says why there are none


def read_csv(lines: Iterable[str]) -> Read:
    """Raises `ValueError` when the header lacks a column."""
    return _read(_csv(lines))


def read_json_lines(lines: Iterable[str]) -> Read:
    return _read(_json_lines(lines))


READERS: Mapping[str, Callable[[Iterable[str]], Read]] = {"csv": read_csv, "jsonl": read_json_lines}


def _read(numbered: Iterable[tuple[int, Fields]]) -> Read:
    for number, fields in numbered:
        try:
            yield _listing(fields)
        except ValueError as error:
            yield Problem(number, str(error))


def _csv(lines: Iterable[str]) -> Iterator[tuple[int, Fields]]:
    numbered = enumerate(lines, 1)
    header = [name.strip().lower() for name in csv_values(next(numbered, (1, ""))[1]) or []]
    if missing := [name for name in NEEDED if name not in header]:
        raise ValueError(f"line 1: the header lacks {', '.join(missing)}; it should be {HEADER}")
    if unknown := [name for name in header if name not in (*NEEDED, *OPTIONAL)]:
        yield 1, f"{', '.join(unknown)}: no such column, left out; the columns are {HEADER}"
    for number, line in numbered:
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


def _listing(fields: Fields) -> Listing:
    if isinstance(fields, str):
        raise ValueError(fields)
    values = {name: _trimmed(fields.get(name)) for name in (*NEEDED, *OPTIONAL)}
    for name in NEEDED:
        if values[name] in (None, ""):
            raise ValueError(f"{name} is missing; every line needs {', '.join(NEEDED)}")
    try:
        return Listing(
            bank_name(values["bank"]),
            BankHash(
                entry=values["entry"],
                category=values["category"],
                algorithm=_lower(values["algorithm"]),
                hash=_lower(values["hash"]),
                variant=values["variant"] or ORIGINAL,
                threshold=None if values["threshold"] in (None, "") else values["threshold"],
                phash=_lower(values["phash"]) or None,
            ),
        )
    except ValidationError as error:
        raise ValueError(_said(error, values)) from error


def _said(error: ValidationError, values: Mapping[str, Any]) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "hash"  # the check of the whole is that of the hash's length
    given = f"{name} {str(values[name])[:SHOWN]!r}: "
    if name == "hash":
        algorithm = Algorithm(_lower(values["algorithm"]))
        return f"{given}give {2 * OCTETS[algorithm]} hexadecimal digits for {algorithm.value}"
    return given + CURES.get(name, first["msg"].removeprefix("Value error, "))


def _trimmed(value: object) -> Any:  # noqa: ANN401  # whatever the file holds; BankHash judges it
    return value.strip() if isinstance(value, str) else value


def _lower(value: object) -> Any:  # noqa: ANN401  # as above
    return value.lower() if isinstance(value, str) else value
