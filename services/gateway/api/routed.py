"""The routes of an application, wherever they were included."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi.routing import APIRoute


def flat(routes: Iterable[Any]) -> Iterator[APIRoute]:
    """Routers keep what they include as routers."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from flat(route.original_router.routes)


def allowed(routes: Iterable[Any], path: str) -> str:
    """Every method that a path takes, as `Allow` says it (RFC 9110, 10.2.1): several routes may share a path. One that
    has exactly this path comes before those whose parameter it could be."""
    matching = [route for route in flat(routes) if route.path_regex.match(path)]
    exact = [route for route in matching if route.path == path]
    return ", ".join(sorted({method for route in exact or matching for method in route.methods or ()}))
