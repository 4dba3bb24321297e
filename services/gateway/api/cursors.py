"""Where a list goes on: the key of the last row that was shown, sealed against nothing but misreading.

What a cursor holds is neither secret nor right: it is a place in an order; what may be seen from there is asked anew.
"""

import base64
import binascii
import json
import math
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.gateway.problems import Problem

LONGEST = 300  # characters: a few numbers and identifiers
# What a route takes: `after: Cursor = None`.
Cursor = Annotated[
    str | None, Field(max_length=LONGEST, description="`next` of the page before, as it stands", examples=[None])
]


def cursor_of(*key: float | str | datetime | UUID) -> str:
    """Of the last row's key, in the order of the list. A float comes back as the same float."""
    values = [value if isinstance(value, int | float) else str(value) for value in key]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def key_of(cursor: str, *kinds: Callable[[Any], Any]) -> tuple[Any, ...]:
    """The key, each value made by its kind (`number`, `UUID`, `moment`, `text`, `whole`). Raises `Problem` 422."""
    try:
        padded = cursor[:LONGEST] + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError("not a key of this list")
        return tuple(kind(value) for kind, value in zip(kinds, values, strict=True))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, binascii.Error) as error:
        raise Problem(422, "bad-after", field="after") from error


def number(value: object) -> float:
    found = float(value) if isinstance(value, int | float) else math.nan
    if not math.isfinite(found):
        raise ValueError("no number")
    return found


def whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
        raise ValueError("no whole number of the database")
    return value


def moment(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("a moment without its zone")
    return found


def text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("no text of the database")
    value.encode()  # a lone surrogate is none either
    return value
