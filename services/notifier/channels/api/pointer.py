"""A place in JSON that somebody else wrote (pure): JSON Pointer, RFC 6901. What is not there is None."""

import json
from typing import Any

MOST_STEPS = 10


def json_of(body: bytes) -> Any | None:  # noqa: ANN401  # whatever JSON holds
    """None for what is no JSON, or is nested beyond all measure."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def check_pointer(pointer: str) -> str:
    """Raises `ValueError` with the cure."""
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"{pointer[:80]!r} is no JSON pointer: write /name/0/name")
    if pointer.count("/") > MOST_STEPS:
        raise ValueError(f"{pointer[:80]!r} has more than {MOST_STEPS} steps")
    return pointer


def at(value: Any, pointer: str) -> Any | None:  # noqa: ANN401  # whatever JSON holds
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        match value:
            case dict():
                value = value.get(name)
            case list() if name.isdecimal() and int(name) < len(value):
                value = value[int(name)]
            case _:
                return None
    return value


def text_at(value: Any, *pointers: str) -> str:  # noqa: ANN401  # whatever JSON holds
    """The first that is a text or a number, empty when none is."""
    found = (at(value, pointer) for pointer in pointers)
    return next((str(one) for one in found if isinstance(one, str | int) and not isinstance(one, bool)), "")
