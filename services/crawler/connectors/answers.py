"""Reading answers that may be hostile (pure): every value has the type that it was asked for, or is not there."""

import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from services.crawler.frontier.pace import REFUSALS, retry_after_s
from shared.events.values import MAX_TEXT
from shared.failures import Rejected, Transient
from shared.net import Fetched
from shared.urls import canonical

MOST_ROWS = 1_000  # of a list: more is no page of anything
MAX_ID = 512
MAX_ADDRESS = 8_192  # characters before it is canonical
# An interface that knows who asks may ban whoever comes too soon: it is believed for a day, a page for an hour.
MOST_HOLD_OFF_S = 24 * 3600.0
MILLISECONDS = 1e11  # a later number is no second of this millennium: it counts milliseconds
NOT_FOR_US = frozenset({401, 403, 404, 410, 451})

Table = Mapping[str, Any]


class Unreadable(Transient):
    """An answer came, and is not what the interface's documents promise. Perhaps it is the next time."""


def json_of(answer: Fetched) -> object:
    """Raises `Unreadable` saying what is wrong with it."""
    try:
        value: object = json.loads(answer.body)
        return value
    except RecursionError as error:
        raise Unreadable("the answer is JSON nested too deeply to be meant") from error
    except ValueError as error:
        raise Unreadable(f"the answer is no JSON: {error}"[:300]) from error


def good(answer: Fetched, now: datetime) -> Fetched:
    """The answer when it is one. Raises `Transient` (with Retry-After) or `Rejected` for its status."""
    if 200 <= answer.status < 300:
        return answer
    if answer.status in REFUSALS:
        raise Transient(f"status {answer.status}: asked too often", wait_s(answer, now))
    if answer.status in NOT_FOR_US:
        raise Rejected(f"status {answer.status}: look at the site's address and its credential")
    raise Transient(f"status {answer.status}")


def wait_s(answer: Fetched, now: datetime) -> float | None:
    """What Retry-After asks for; None when it says nothing."""
    return retry_after_s(answer.headers.get("retry-after"), now, MOST_HOLD_OFF_S) or None


def bounded_s(seconds: float) -> float:
    return min(max(seconds, 0.0), MOST_HOLD_OFF_S) if math.isfinite(seconds) else MOST_HOLD_OFF_S


def table(value: object) -> Table:
    return value if isinstance(value, dict) else {}


def rows(value: object) -> Iterator[Table]:
    """The objects of a list."""
    if isinstance(value, list):
        yield from (row for row in value[:MOST_ROWS] if isinstance(row, dict))


def text(value: object, most: int = MAX_TEXT) -> str:
    """Without what no database and no UTF-8 takes: NUL and lone surrogates. Empty for what is no text."""
    if not isinstance(value, str):
        return ""
    return value[:most].replace("\0", "").encode("utf-8", "replace").decode().strip()


def name(value: object) -> str:
    """An identifier, given as text or as a number. Empty for anything else, and for one of a senseless length."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 2**63 else ""
    return found if len(found := text(value, MAX_ID + 1)) <= MAX_ID else ""


def whole(value: object) -> int | None:
    """A number that fits a database's bigint."""
    fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return value if fits and isinstance(value, int) else None


def address(value: object, base: str | None = None) -> str | None:
    """A canonical web address. None for what is none, and for one so long that looking at it takes seconds."""
    return canonical(value, base) if isinstance(value, str) and len(value) <= MAX_ADDRESS and value.strip() else None


def moment(value: object) -> datetime | None:
    """ISO 8601, RFC 5322, or seconds or milliseconds since 1970. In UTC; without a zone it is taken for UTC."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) >= MILLISECONDS else value, UTC)
        if not isinstance(value, str):
            return None
        read = _iso(value.strip()[:64]) or parsedate_to_datetime(value.strip()[:64])
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None


def _iso(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def language(value: object) -> str | None:
    """The two letters of a language tag (RFC 5646)."""
    letters = text(value, 16).lower().replace("_", "-").partition("-")[0]
    return letters if len(letters) == 2 and letters.isascii() and letters.isalpha() else None


def kept_in(cursor: str | None) -> Table:
    """What a cursor says that is a JSON object. Empty for any other, such as the one of an earlier connector."""
    try:
        return table(json.loads(cursor or "{}"))
    except (ValueError, RecursionError):
        return {}
