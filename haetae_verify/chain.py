"""The chain of custody: each line's hash covers the line and the hash of the line before."""

from collections.abc import Iterable, Mapping
from typing import Any

from haetae_verify.canonical import canonical, digest, moment

GENESIS = "0" * 64
FIELDS = ("case_id", "seq", "at", "actor", "action", "artifacts", "details", "prev_hash")


def line_hash(line: Mapping[str, Any]) -> str:
    """`line`: `FIELDS` as JSON values (`at`: `canonical.moment`; artifacts: objects of name and sha256, by name)."""
    return digest(canonical({name: line[name] for name in FIELDS}))


def told(line: Any) -> dict[str, Any]:  # noqa: ANN401  # a row of any table that keeps such lines
    """`FIELDS` and `hash` of an object that has them as attributes, in the form that is hashed and put into bundles."""
    kept = {name: getattr(line, name) for name in (*FIELDS, "hash")}
    return {**kept, "case_id": str(line.case_id), "at": moment(line.at)}


def broken_at(lines: Iterable[Mapping[str, Any]]) -> int | None:
    """The number (from 1) of the first line that is not as it was chained; None when all are right.

    `lines`: `FIELDS` and `hash`, in their order. An end that was cut off does not show here: compare the last hash.
    """
    previous = GENESIS
    for number, line in enumerate(lines, 1):
        if not _follows(line, number, previous):
            return number
        previous = line["hash"]
    return None


def _follows(line: Mapping[str, Any], number: int, previous: str) -> bool:
    try:
        return (line["seq"], line["prev_hash"], line["hash"]) == (number, previous, line_hash(line))
    except (KeyError, TypeError, ValueError, RecursionError):  # no line at all, or not of JSON's values
        return False
