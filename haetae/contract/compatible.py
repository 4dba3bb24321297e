"""Whether two revisions of a type can be read by each other's readers.

Compared is closed(writer) ⊆ open(reader), both ways: a writer writes exactly what its schema says, a reader takes
fields that it does not know. Both ways together leave little room: a field may come if nobody needs it, and what is
there stays as it is. So schemas are walked side by side and all that says more than words has to be equal. (A prover of
subschemas, jsonsubschema, was tried: two patterns of 64 and 40 digits cost it all memory.)
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
WORDS = {"description", "title", "default", "examples", "$id", "$schema", "$defs", "x-version", "x-owner"}
GROWING = "x-extensible-enum"
NEW_MAJOR = "declare a new major on a topic of its own (`replaces`, `downgrade`)"


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """Each as a sentence that names the field and the cure; none: both read each other."""
    return [
        *(
            _said(key.removeprefix("x-"), old, new, key)
            for key in ("x-topic", "x-key", "x-public")
            if _differ(old, new, key)
        ),
        *_walk("", resolved(old, old), resolved(new, new)),
    ]


def changed(old: Schema, new: Schema) -> bool:
    """Whether a reader could notice: a reworded description is no revision."""
    return bool(_bare(resolved(old, old)) != _bare(resolved(new, new)))


def _walk(at: str, old: Schema, new: Schema) -> Iterator[str]:
    named = at or "the event"
    for key in sorted(
        (old.keys() | new.keys()) - WORDS - {"properties", "required", "items", "anyOf", "enum", GROWING}
    ):
        if key.startswith("x-") or not _differ(old, new, key):
            continue
        if key == "additionalProperties" and isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
            yield from _walk(f"{at}.*", old[key], new[key])
        else:
            yield _said(f"{named}: {key}", old, new, key)
    yield from _words(named, old, new)
    yield from _fields(at, old, new)
    for key, inside in (("items", [("[]", old.get("items"), new.get("items"))]), ("anyOf", _branches(old, new))):
        if (key in old) != (key in new) or any(
            before is None or after is None for _, before, after in inside if key in old
        ):
            yield f"{named}: {key} is not what it was; {NEW_MAJOR}"
        elif key in old:
            for suffix, before, after in inside:
                yield from _walk(at + suffix, before or {}, after or {})


def _branches(old: Schema, new: Schema) -> list[tuple[str, Schema | None, Schema | None]]:
    before, after = old.get("anyOf", []), new.get("anyOf", [])
    longest = max(len(before), len(after))
    pad: list[Schema | None] = [None] * longest
    return [("", one, other) for one, other in zip([*before, *pad][:longest], [*after, *pad][:longest], strict=True)]


def _fields(at: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(before.keys() | after.keys()):
        field = f"{at}.{name}".lstrip(".")
        if name not in after:
            yield f"{field} is gone; keep it until readers have moved, or {NEW_MAJOR}"
        elif name not in before and name in needed_after:
            yield f"{field} is new and has no default: older events lack it; give it one"
        elif name in before and (name in needed_before) != (name in needed_after):
            now = "needed" if name in needed_after else "optional"
            yield f"{field} is {now} now, and was not; put its default back as it was, or {NEW_MAJOR}"
        if name in before and name in after:
            yield from _walk(field, before[name], after[name])


def _words(named: str, old: Schema, new: Schema) -> Iterator[str]:
    """Closed lists of words stay; open ones grow."""
    if ("enum" in old) != ("enum" in new) or (GROWING in old) != (GROWING in new):
        yield f"{named}: a list of words was opened or closed; {NEW_MAJOR}"
    if gone := set(old.get(GROWING, ())) - set(new.get(GROWING, ())):
        yield f"{named} no longer lists {', '.join(sorted(gone))}: readers wait for it; keep it, written or not"
    if "enum" in old and "enum" in new:
        before, after = set(map(str, old["enum"])), set(map(str, new["enum"]))
        if gone := before - after:
            yield f"{named} lost {', '.join(sorted(gone))}: older events have it; keep it"
        if come := after - before:
            yield (
                f"{named} gained {', '.join(sorted(come))}: older readers refuse it; {NEW_MAJOR}, with a word that may "
                "grow (`shared/events/codes.py`)"
            )


def resolved(node: Any, root: Schema, within: tuple[str, ...] = ()) -> Any:  # noqa: ANN401  # JSON
    """Without references. One that leads into itself stays: it is compared by its name."""
    if isinstance(node, list):
        return [resolved(one, root, within) for one in node]
    if not isinstance(node, dict):
        return node
    name = str(node.get("$ref", "")).rpartition("/")[2]
    if name and name not in within:
        return resolved(root["$defs"][name], root, (*within, name))
    return {key: resolved(value, root, within) for key, value in node.items() if key != "$defs"}


def _bare(node: Any, naming: bool = False) -> Any:  # noqa: ANN401  # JSON
    """`naming`: the keys of this one are names of fields, not keywords."""
    if isinstance(node, list):
        return [_bare(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {key: _bare(value, key == "properties") for key, value in node.items() if naming or key not in WORDS}


def _differ(old: Schema, new: Schema, key: str) -> bool:
    return bool(_bare(old.get(key)) != _bare(new.get(key)))


def _said(what: str, old: Schema, new: Schema, key: str) -> str:
    return f"{what} was {old.get(key)!r}, is {new.get(key)!r}; {NEW_MAJOR}"
