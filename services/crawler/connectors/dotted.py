"""A small language for places in JSON (pure): `data.posts`, `media.*.url`, `authors.0.name`.

Names joined by dots; a number is a place in a list; `*` stands for everything in a list. What is not there gives
nothing: interfaces leave fields out.
"""

import re
from collections.abc import Iterator

STEP = re.compile(r"^(?:\*|[^\s.*]{1,64})$")
MOST_STEPS, MOST_FOUND = 12, 1_000
CURE = "give names joined by dots, a number for one of a list and * for all of it, such as media.*.url"

Path = tuple[str, ...]


def parse_path(written: str) -> Path:
    """Raises `ValueError` with the cure. The empty path is the value itself."""
    steps = tuple(written.split(".")) if written else ()
    if len(steps) > MOST_STEPS or not all(map(STEP.match, steps)):
        raise ValueError(f"{written[:100]!r} is no path; {CURE}")
    return steps


def find(value: object, path: Path) -> list[object]:
    """Everything at that place, in its order, None left out."""
    found = [value]
    for step in path:
        found = [inner for outer in found for inner in _inside(outer, step)][:MOST_FOUND]
    return [one for one in found if one is not None]


def first(value: object, *paths: Path) -> object:
    """The first that is there and not empty."""
    return next((one for path in paths for one in find(value, path) if one != ""), None)


def _inside(value: object, step: str) -> Iterator[object]:
    if isinstance(value, dict):
        if step in value:
            yield value[step]
    elif isinstance(value, list):
        if step == "*":
            yield from value[:MOST_FOUND]
        elif step.isdecimal() and int(step) < len(value):
            yield value[int(step)]
