"""The one form of a JSON value, its digest, and reading it back without ambiguity.

For what is written here (names in ASCII; strings, integers, booleans, null, lists, objects) it is RFC 8785.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, NoReturn

MOST = 2**53 - 1  # beyond it programs disagree about a JSON number (RFC 8785, 3.2.2.3)


class NotCanonical(ValueError):
    """These bytes are not a JSON value in its one form; the message says why."""


def canonical(value: object) -> bytes:
    """Names sorted, no spaces, UTF-8, no NaN. Raises `ValueError`."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def read(data: bytes) -> dict[str, Any]:
    """The object that these bytes are the one form of; it holds no fractions. Raises `NotCanonical`."""
    try:
        value = json.loads(data, parse_float=_fraction, parse_constant=_fraction, parse_int=_integer)
        if not isinstance(value, dict):
            raise NotCanonical("not a JSON object")
        same = canonical(value) == data
    except NotCanonical:
        raise
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"not JSON ({error})") from error
    if not same:
        raise NotCanonical("not in canonical form (RFC 8785): something else wrote or changed it")
    return value


def digest(data: bytes) -> str:
    """SHA-256, lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def moment(at: datetime) -> str:
    """UTC in milliseconds: 2026-11-22T09:00:00.123Z"""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fraction(text: str) -> NoReturn:
    raise NotCanonical(f"it holds the number {text[:40]}; only integers have one form everywhere")


def _integer(text: str) -> int:
    value = int(text)
    if abs(value) > MOST:
        _fraction(text)
    return value
