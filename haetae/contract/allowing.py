"""What public events may hold: the fields of `contracts/public.toml`, each of a kind that no free text fits into."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from haetae.contract.compatible import Schema, resolved
from shared.events import CATALOGUE
from shared.events.codes import CODE, Base64, Country, KeyId, LanguageTag, LogName
from shared.events.schemas import schema_of
from shared.events.values import Language, Sha256

LIST = "public.toml"
# None of these can hold a name of two words, an address or a sentence: what people write breaks every one of them.
FREE_TEXT = ("Kim Min-ji called", "kim@example.test", "http://harbour-board.test/post/41", "010-1234-5678 ", "김민지")


def _patterns(*types: Any) -> frozenset[str]:  # noqa: ANN401  # annotated types
    return frozenset(one.__metadata__[0].metadata[0].pattern for one in types)


CODES, PLACES = frozenset({CODE}) | _patterns(KeyId, LogName), _patterns(Country, Language, LanguageTag)
DIGESTS, PROOFS = _patterns(Sha256), _patterns(Base64)
KINDS: Mapping[str, Callable[[Schema], bool]] = {
    "id": lambda field: field.get("format") == "uuid",
    "time": lambda field: field.get("format") == "date-time",
    "number": lambda field: field.get("type") in ("integer", "number"),
    "code": lambda field: field.get("pattern") in CODES,
    "place": lambda field: field.get("pattern") in PLACES,
    "digest": lambda field: field.get("pattern") in DIGESTS,
    "proof": lambda field: field.get("pattern") in PROOFS and field.get("maxLength", 0) > 0,
}


def unlisted(folder: Path) -> list[str]:
    """What the list and the public events do not agree on; each names type, field and cure."""
    listed = tomllib.loads((folder / LIST).read_text())
    public = {event.type: schema_of(event) for event in CATALOGUE if event.topic.public}
    found = [f"{folder.name}/{LIST}: {type} is no public event: take it out" for type in listed.keys() - public.keys()]
    for type, schema in public.items():
        found += [f"{type}: {sentence}" for sentence in against(listed.get(type, {}), schema)]
    return found


def against(listed: Mapping[str, Any], schema: Schema) -> Iterator[str]:
    """Of one type. Fields of values inside are named with a dot, as in `turns.stage`."""
    there = dict(_leaves("", resolved(schema, schema)))
    yield from (f"{name} is listed, but is no field: take it out" for name in listed.keys() - there.keys())
    for name, field in there.items():
        allowed = listed.get(name)
        if allowed is None:
            yield f"{name} is not in {LIST}: whoever may see it, and why, has to be said there first"
        elif not str(allowed.get("why", "")).strip() or allowed.get("kind") not in KINDS:
            yield f"{name}: {LIST} gives it no reason, or a kind that is none of {', '.join(KINDS)}"
        elif not KINDS[allowed["kind"]](field):
            yield f"{name} is no {allowed['kind']}: anything could stand in it; take a type of `shared/events/codes.py`"


def _leaves(at: str, node: Schema) -> Iterator[tuple[str, Schema]]:
    """Fields that are no values of fields: through lists and `or null`, down to what is told."""
    options = [one for one in node.get("anyOf", ()) if one.get("type") != "null"]
    if len(options) == 1:
        yield from _leaves(at, options[0])
    elif "items" in node:
        yield from _leaves(at, node["items"])
    elif node.get("properties") and not node.get("additionalProperties"):
        for name, field in node["properties"].items():
            yield from _leaves(f"{at}.{name}".lstrip("."), field)
    else:
        yield at, node


def takes_free_text(pattern: str) -> bool:
    return any(re.search(pattern, text) for text in FREE_TEXT)
