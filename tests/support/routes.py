"""Every route of the gateway, as the application has it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute

from services.gateway.web import application
from tests.support.gateway import make_desk


def gateway_routes() -> list[APIRoute]:
    """What is mounted (files) and what the framework adds (the OpenAPI document) is none of them."""
    desk = make_desk("postgresql+psycopg://nobody@127.0.0.1:1/nothing", Path(tempfile.mkdtemp()))
    app: Any = application(desk.parts)
    while not hasattr(app, "routes"):
        app = app._app
    return list(flat(app.routes))


def flat(routes: Iterable[Any]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from flat(route.original_router.routes)


def page_paths() -> set[str]:
    """Paths that a browser may open: GET, outside the API."""
    return {route.path for route in gateway_routes() if "GET" in route.methods and not route.path.startswith("/api")}
