"""What takes longer than a page: streams, downloads and large uploads of the gateway, whose answers a short rule of its
route would cut."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from inspect import isfunction
from types import CodeType, FunctionType
from typing import Any

from fastapi.routing import APIRoute

from deploy.verify.facts import Facts
from deploy.verify.finding import Finding
from deploy.verify.rendering import Rendered, Thing

UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
ROUTE = "deploy/k8s/base/gateway/route.yaml"
LEAST_SECONDS = 600.0  # a bundle of 100 MB at 1.5 Mbit/s
ENDLESS, LONG = "a stream", "a download or a large upload"


def check(rendered: Rendered, _: Facts) -> Iterator[Finding]:
    for route in rendered.of("HTTPRoute"):
        for path, kind in long().items():
            yield from _cut(route, path, kind)


def _cut(route: Thing, path: str, kind: str) -> Iterator[Finding]:
    timeouts = _rule(route, path).get("timeouts", {})
    for name in ("request", "backendRequest"):
        given = seconds(timeouts.get(name, "0s"))
        if given and (kind == ENDLESS or given < LEAST_SECONDS):
            yield route.finding(
                f"{path} is {kind}, and its rule cuts it after {given:g} s ({name})",
                f"put it into the rule of {'streams' if kind == ENDLESS else 'downloads'} in {ROUTE}",
            )


def _rule(route: Thing, path: str) -> Mapping[str, Any]:
    """The one whose prefix is the longest; by whole segments, as the Gateway API has it."""
    found = [
        (len(prefix), rule)
        for rule in route.spec["rules"]
        for match in rule["matches"]
        if f"{path}/".startswith(f"{(prefix := match['path']['value'].rstrip('/'))}/")
    ]
    return max(found, key=lambda one: one[0], default=(0, {}))[1]


@cache
def long() -> Mapping[str, str]:
    """By path, as the code tells: what an endpoint and the functions of the gateway that it calls make."""
    from services.gateway.security import LARGER
    from services.gateway.web import APIS, PAGES

    found = dict.fromkeys(LARGER, LONG)
    for router in (*PAGES, *APIS):
        for route in router.routes:
            if isinstance(route, APIRoute):
                words = {word for code in _codes(route.endpoint, set()) for word in _words(code)}
                if "EventSourceResponse" in words:
                    found[route.path] = ENDLESS
                elif words & {"StreamingResponse", "Content-Disposition"}:
                    found[route.path] = LONG
    return found


def _codes(function: Any, seen: set[FunctionType]) -> Iterator[CodeType]:  # noqa: ANN401  # whatever stands as an endpoint
    if not isfunction(function) or function in seen or not function.__module__.startswith("services.gateway."):
        return
    seen.add(function)
    yield function.__code__
    for name in function.__code__.co_names:
        yield from _codes(function.__globals__.get(name), seen)


def _words(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for value in code.co_consts:
        yield from (one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, str))


def seconds(duration: str) -> float:
    """Of the Gateway API's form: 1h30m, 0s."""
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|h|m|s)", duration))
