"""A line of a file that a person gives, read by itself: an open quote spoils its own line and no other. Pure."""

import csv
import json
from typing import Any


def csv_values(line: str, separator: str = ",") -> list[str] | None:
    """None when a quote is not closed, or stands in the wrong place."""
    try:
        return next(csv.reader([line.rstrip("\r\n")], strict=True, delimiter=separator), [])
    except csv.Error:
        return None


def json_object(line: str) -> dict[str, Any]:
    """Raises `ValueError` saying what the line is instead of a JSON object."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError('is no JSON object; give {"name": value, …}')
    return value
