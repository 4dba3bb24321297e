"""Which connectors there are: ours, an agency's mappings of JSON interfaces, and what it installed beside us."""

import importlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from pydantic import ValidationError

from services.crawler.connectors.json_mapping import JsonListing, mapping_file, mapping_names
from services.crawler.connectors.lawful import check_basis
from services.crawler.connectors.port import Connector, Options
from services.crawler.registry.site_fields import MAX_OPTIONS

GROUP = "haetae.connectors"
JSON = "json:"
# Loaded when first asked for: a crawler without chats needs no chat's code.
OURS: Mapping[str, str] = {
    "activitypub": "activitypub:Outbox",
    "feed": "feed_items:FeedItems",
    "mastodon": "mastodon:Timeline",
    "matrix": "matrix:Rooms",
    "messenger": "messenger:Channels",
}


def names(mappings: Path | None = None) -> list[str]:
    """Everything that a site may name as its connector."""
    of_json = (f"{JSON}{name}" for name in mapping_names(mappings))
    return sorted({*OURS, *of_json, *_installed()})


def connector(name: str, mappings: Path | None = None) -> Connector:
    """Raises `ValueError` with the cure for a name that nobody knows, and for a connector that cannot be loaded."""
    if name.startswith(JSON):
        return JsonListing(mapping_file(name.removeprefix(JSON), mappings))
    try:
        if name in OURS:
            return _ours(name)
        if name in (installed := _installed()):
            return _loaded(installed[name])
    except Exception as error:  # somebody else's module fails in any way it likes
        raise ValueError(
            f"connector: {name!r} cannot be loaded: {error!r}; repair or remove what brought it"
        ) from error
    raise ValueError(f"connector: {name!r} is not known; give one of {', '.join(names(mappings))}")


def options_of(made: Connector, given: str | None) -> Options:
    """Raises `ValueError` naming the option and the cure."""
    try:
        values = json.loads((given or "").strip() or "{}") if len(given or "") <= MAX_OPTIONS else None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"options: no JSON ({error}); give an object such as {_example(made)}") from error
    if not isinstance(values, dict):
        raise ValueError(f"options: give a JSON object of at most {MAX_OPTIONS} characters, such as {_example(made)}")
    try:
        return made.options.model_validate(values)
    except ValidationError as error:
        raise ValueError(_first(made, error)) from error


def check(name: str, options: str | None, legal_ground: str, mappings: Path | None = None) -> None:
    """Whether a site may name this connector with these options. Raises `ValueError` naming what is wrong, with the
    cure."""
    made = connector(name, mappings)
    read = options_of(made, options)
    try:
        check_basis(read, legal_ground)
    except ValueError as error:
        raise ValueError(f"options: {error}") from error


def _first(made: Connector, error: ValidationError) -> str:
    wrong = error.errors()[0]
    field = str(wrong["loc"][0]) if wrong["loc"] else ""
    known = made.options.model_fields
    if field not in known:
        return f"options: {field!r:.60} is none of this connector's; it knows {_listed(known)}"
    where = ".".join(map(str, wrong["loc"]))
    return f"options: {where}: {wrong['msg']}; {known[field].description}"


def _listed(fields: Iterable[str]) -> str:
    return ", ".join(fields) or "no option"


def _example(made: Connector) -> str:
    return json.dumps(dict.fromkeys(made.options.model_fields, "…"), ensure_ascii=False)


@cache
def _ours(name: str) -> Connector:
    module, _, kind = OURS[name].partition(":")
    made: Connector = getattr(importlib.import_module(f"{__package__}.{module}"), kind)()
    return made


@cache
def _installed() -> Mapping[str, EntryPoint]:
    """By name; none takes the name of one of ours."""
    found = entry_points(group=GROUP)
    return {point.name: point for point in found if point.name not in OURS and not point.name.startswith(JSON)}


@cache
def _loaded(point: EntryPoint) -> Connector:
    """What the entry point names: a class, or a function that makes one."""
    made: Connector = point.load()()
    return made
