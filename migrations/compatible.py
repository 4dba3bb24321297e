"""Expand, then contract: the code of the last release works on the schema of this one, so that both run side by side
while services are replaced, and the old image can come back without the database going back. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

# What every value, and every statement of old code, survives.
WIDER = {
    ("smallint", "integer"),
    ("smallint", "bigint"),
    ("integer", "bigint"),
    ("real", "double precision"),
}
CURE = "; keep it until a release whose code no longer needs it is out, and drop it then"


def breaks(released: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What the released code would trip over, a sentence each. `released`: of `schema.released`; `now`: the tables."""
    for name, table in released["tables"].items():
        if name not in now:
            yield f"{name} is gone or has another name{CURE}"
        else:
            yield from _table(name, table, now[name], released.get("meant", {}))


def _table(name: str, was: Mapping[str, Any], now: Mapping[str, Any], meant: Mapping[str, str]) -> Iterator[str]:
    for column, known in was["columns"].items():
        if column not in now["columns"]:
            yield f"{name}.{column} is gone or has another name{CURE}"
        else:
            yield from _column(f"{name}.{column}", known, now["columns"][column])
    for column in now["columns"].keys() - was["columns"].keys():
        new = now["columns"][column]
        if not new["nullable"] and not new["filled"]:
            yield f"{name}.{column} is new and must be given: old code does not; let it be null, or give it a default"
    for bar in sorted(set(now["bars"]) - set(was["bars"])):
        if bar.partition(":")[0] not in meant:
            yield f"{name} refuses more than before ({bar}); add that in the release after, or say in `meant` why not"
    for right in sorted(set(was["rights"]) - set(now["rights"])):
        yield f"{name}: {right} was taken away; old code may use it: take it away in the release after"
    if now["guarded"] and not was["guarded"]:
        yield f"{name} has row-level security now: old code would see nothing; add it in the release after"


def _column(name: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if was["type"] != now["type"] and not _wider(was["type"], now["type"]):
        yield f"{name} was {was['type']} and is {now['type']}; add another column instead"
    if was["nullable"] and not now["nullable"]:
        yield f"{name} must be given now: old code may leave it empty; tighten it in the release after"
    if was["filled"] and not now["filled"] and not now["nullable"]:
        yield f"{name} is no longer filled in: old code relies on it; keep its default"


def _wider(was: str, now: str) -> bool:
    return (was, now) in WIDER or (was.startswith("character varying") and now == "text")
