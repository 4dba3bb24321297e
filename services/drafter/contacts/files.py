"""The contact graph as shipped, with an agency's own file over it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.drafter.contacts.graph import Contacts
from services.drafter.datafile import DATA, BadDataFile
from services.drafter.wording import load_wording
from shared.toml import read_toml

NAME = "contacts.toml"
WHOLE = frozenset({"version", "stale_after_days", "languages", "step", "provider"})
REMOVED = "without"  # an agency's list of shipped providers that it does not use


def load_contacts(override: Path | None = None) -> Contacts:
    """Raises `BadDataFile` naming the entry, the field and the cure.

    An agency's file says only what is different: a `[[provider]]` stands before the shipped ones, and in place of the
    one with its id; `without` names shipped ones that it does not use; `[[step]]`, `[stale_after_days]` and
    `[languages]` replace the shipped ones whole.
    """
    given = _read(DATA / NAME)
    if override is not None:
        given = over(given, _read(override), override)
    kinds = load_wording().kinds
    ours = {
        "parallel": [name for name, kind in kinds.items() if kind.parallel],
        "texts": [name for name, kind in kinds.items() if kind.text],
    }
    path = override or DATA / NAME
    try:
        return Contacts.model_validate({**given, **ours})
    except ValidationError as error:
        wrong = "; ".join(f"{_where(one['loc'], given)}: {one['msg']}" for one in error.errors())
        raise BadDataFile(f"{path}: {wrong}; compare with {DATA / NAME}") from error


def over(shipped: Mapping[str, Any], own: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Raises `BadDataFile`."""
    if unknown := sorted(own.keys() - WHOLE - {REMOVED}):
        known = ", ".join(sorted(WHOLE | {REMOVED}))
        raise BadDataFile(f"{path}: {', '.join(unknown)}: no such entry; the file has {known}")
    providers, without = own.get("provider", []), own.get(REMOVED, [])
    if not isinstance(providers, list) or not all(isinstance(one, dict) for one in providers):
        raise BadDataFile(f"{path}: provider: write each as [[provider]]")
    ids = {one["id"] for one in shipped["provider"]}
    if not isinstance(without, list) or not ids.issuperset(map(str, without)):
        raise BadDataFile(f"{path}: {REMOVED}: give ids of shipped providers: {', '.join(sorted(ids))}")
    replaced = {str(one.get("id")) for one in providers} | set(map(str, without))
    kept = [one for one in shipped["provider"] if one["id"] not in replaced]
    told = {name: value for name, value in own.items() if name in WHOLE}
    return {**shipped, **told, "provider": [*providers, *kept]}


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadDataFile(f"{path}: {error}; start from parts of {DATA / NAME}") from error


def _where(loc: tuple[int | str, ...], given: Mapping[str, Any]) -> str:
    """`provider.3.reach.0.email` says nothing to whoever wrote the file: `provider cloudflare: reach.0.email`."""
    match loc:
        case ("provider" | "step" as kind, int(number), *rest):
            entry = given[kind][number]
            name = entry.get("id") or entry.get("role") or number + 1
            return f"{kind} {name}: {'.'.join(map(str, rest))}"
    return ".".join(map(str, loc)) or "the whole"
