"""A fault: one small change of one object, and what must be said of it."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deploy.verify.finding import Finding
from deploy.verify.rendering import Rendered, Thing

Change = Callable[[dict[str, Any]], None]
Place = Sequence[str | int]


@dataclass(frozen=True)
class Fault:
    """`thing`: KIND/NAME, which `change` changes in place, or `GONE` takes away. A finding must name `file` (of
    deploy/k8s) and have `says` in its words. `by`: own, or the tool that finds it."""

    name: str
    thing: str
    change: Change
    file: str
    says: str
    by: str = "own"


def planted(fault: Fault, rendered: Rendered) -> Rendered:
    """Raises LookupError when there is no such object: then the fault shows nothing."""
    kind, _, name = fault.thing.partition("/")
    thing = rendered.named(kind, name)
    if thing is None:
        raise LookupError(f"{fault.name}: there is no {fault.thing} in {rendered.overlay}")
    others = tuple(one for one in rendered.things if one is not thing)
    if fault.change is GONE:
        return replace(rendered, things=others)
    body = copy.deepcopy(dict(thing.body))
    fault.change(body)
    return replace(rendered, things=(*others, Thing(thing.overlay, thing.file, body)))


def caught(fault: Fault, found: Sequence[Finding]) -> bool:
    return any(
        fault.says in finding.wrong and finding.file == f"deploy/k8s/{fault.file}" and finding.cure for finding in found
    )


def GONE(body: dict[str, Any]) -> None:
    raise AssertionError("the whole object goes")


def put(value: object, *place: str | int) -> Change:
    def change(body: dict[str, Any]) -> None:
        _at(body, place[:-1])[place[-1]] = value

    return change


def drop(*place: str | int) -> Change:
    def change(body: dict[str, Any]) -> None:
        del _at(body, place[:-1])[place[-1]]

    return change


def add(value: object, *place: str | int) -> Change:
    def change(body: dict[str, Any]) -> None:
        _at(body, place).append(value)

    return change


def _at(body: Any, place: Place) -> Any:  # noqa: ANN401  # YAML of any shape
    for key in place:
        body = body.setdefault(key, {}) if isinstance(body, dict) else body[key]
    return body
