"""JSON of strangers: whatever is not of the shape that was asked for counts as not there, within bounds (pure)."""

import json
from typing import Any, TypeAlias

from shared.rdap.failures import RdapFailed, Why

Json: TypeAlias = Any  # what `json.loads` makes; every reader below asks what it is before it believes

MAX_TEXT = 300  # characters: names, addresses and handles have 20-60
MAX_ITEMS = 64  # of a list: registries send a dozen status codes, name servers, contacts


def parsed(body: bytes, where: str) -> dict[str, Json]:
    """Raises `RdapFailed`."""
    try:
        value = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # numbers of 5,000 digits and nesting without end are among these
        raise RdapFailed(f"{where}: the answer is no JSON ({type(error).__name__})", Why.BROKEN) from error
    if not isinstance(value, dict):
        raise RdapFailed(f"{where}: the answer is no JSON object", Why.BROKEN)
    return value


def text(value: Json) -> str:
    """One line of it; empty for what is no text. Half surrogates, which JSON can spell out, become question marks."""
    if not isinstance(value, str):
        return ""
    line = " ".join(value[: 4 * MAX_TEXT].split())[:MAX_TEXT]
    return line.encode(errors="replace").decode().replace("\0", "")


def field(value: Json, name: str) -> Json:
    return value.get(name) if isinstance(value, dict) else None


def items(value: Json) -> list[Json]:
    """Of a list; a value that stands alone where a list belongs is taken for a list of one, as servers mean it."""
    if value is None:
        return []
    return value[:MAX_ITEMS] if isinstance(value, list) else [value]


def texts(value: Json) -> tuple[str, ...]:
    """The texts of a list, none twice."""
    return tuple(dict.fromkeys(found for item in items(value) if (found := text(item))))
