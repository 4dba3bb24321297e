"""The small language in which a connector file says what goes where (pure).

    "{contact_email}"          a value of the notice
    "Ref {reference}"          with words around it
    "{urls|lines}"             as a list; `json`: the object that the value spells; `iso`: a time as RFC 3339
    "{anonymity|told}"         what the file's table `[maps.told]` has for it, else its `default`
    "{own.account_id}"         the agency's own value, of the credentials file

Nothing else: no code, no condition, no loop. A place that would be empty is left out of its table.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from services.notifier.channels.api.pointer import json_of

Json = Any  # what JSON can hold
Scalar = str | int | float | bool
Maps = Mapping[str, Mapping[str, Scalar]]

BLANK = re.compile(r"\{([^{}]*)\}")
INSIDE = re.compile(r"((?:own\.)?[a-z][a-z0-9_]{0,40})(?:\|([a-z][a-z0-9_]{0,40}))?")
LINES, JSON, ISO = "lines", "json", "iso"
FILTERS = frozenset({LINES, JSON, ISO})
WHOLE = frozenset({LINES, JSON})  # give no text: nothing can stand beside them
STAMP = "%Y-%m-%d %H:%M:%S UTC"  # as notices say a time
DEFAULT = "default"
CURE = "write {name} or {name|filter}"


@dataclass(frozen=True)
class Blank:
    name: str
    filter: str = ""


@dataclass(frozen=True)
class Template:
    parts: tuple[str | Blank, ...]

    @property
    def blanks(self) -> tuple[Blank, ...]:
        return tuple(part for part in self.parts if isinstance(part, Blank))


def parse(text: str) -> Template:
    """Raises `ValueError` with the cure."""
    parts: list[str | Blank] = []
    end = 0
    for found in BLANK.finditer(text):
        inside = INSIDE.fullmatch(found[1])
        if inside is None:
            raise ValueError(f"{found[0][:80]!r} is no placeholder: {CURE}")
        parts += [text[end : found.start()], Blank(inside[1], inside[2] or "")]
        end = found.end()
    parts.append(text[end:])
    if "{" in (plain := "".join(part for part in parts if isinstance(part, str))) or "}" in plain:
        raise ValueError(f"{text[:80]!r} has a brace that belongs to no placeholder: {CURE}")
    made = Template(tuple(part for part in parts if part))
    if len(made.parts) > 1 and any(blank.filter in WHOLE for blank in made.blanks):
        raise ValueError(f"{text[:80]!r}: {LINES} and {JSON} give no text: let the placeholder stand alone")
    return made


def fill(template: Template, values: Mapping[str, str], maps: Maps) -> Json:
    """Alone, a placeholder gives what its filter makes; else all become one text. A name without a value is empty."""
    made = [part if isinstance(part, str) else _value(part, values, maps) for part in template.parts]
    return made[0] if len(made) == 1 else "".join(map(str, made))


def fill_path(template: Template, values: Mapping[str, str], maps: Maps) -> str:
    """For a URL: what is filled in is percent-encoded, so that it stays in its place."""
    made = (
        part if isinstance(part, str) else quote(str(_value(part, values, maps)), safe="") for part in template.parts
    )
    return "".join(made)


def fill_all(body: Json, values: Mapping[str, str], maps: Maps) -> Json:
    """A table of tables, lists and templates, filled; what is empty is left out of its table."""
    match body:
        case Template():
            return fill(body, values, maps)
        case dict():
            filled = {name: fill_all(inner, values, maps) for name, inner in body.items()}
            return {name: value for name, value in filled.items() if value not in ("", [], {}, None)}
        case list():
            return [fill_all(inner, values, maps) for inner in body]
        case _:
            return body


def parse_all(body: Json) -> Json:
    """The same table with its texts as templates."""
    match body:
        case str():
            return parse(body)
        case dict():
            return {name: parse_all(inner) for name, inner in body.items()}
        case list():
            return [parse_all(inner) for inner in body]
        case _:
            return body


def blanks_of(body: Json) -> Iterator[Blank]:
    match body:
        case Template():
            yield from body.blanks
        case dict():
            for inner in body.values():
                yield from blanks_of(inner)
        case list():
            for inner in body:
                yield from blanks_of(inner)


def _value(blank: Blank, values: Mapping[str, str], maps: Maps) -> Json:
    value = values.get(blank.name, "")
    match blank.filter:
        case "":
            return value
        case "lines":
            return [line for line in value.split("\n") if line]
        case "json":
            if value and (found := json_of(value.encode())) is None:
                raise ValueError(f"what the notice has as {blank.name} is no JSON: leave out |{JSON}")
            return found if value else None
        case "iso":
            return iso(value)
        case name:
            table = maps[name]
            return table.get(value, table.get(DEFAULT, ""))


def iso(value: str) -> str:
    """A time of a notice as RFC 3339; anything else as it is."""
    try:
        return datetime.strptime(value, STAMP).replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    except ValueError:
        return value
