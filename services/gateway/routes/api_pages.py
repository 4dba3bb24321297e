"""Two pages for whoever writes programs: what the API can do, each problem with its cure. Public, as the code is."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.gateway.api.tags import TAGS
from services.gateway.pages import render
from services.gateway.requests import texts_of
from services.gateway.texts import MESSAGES

router = APIRouter()
PAGE_WORDS = ("title", "back")  # of the section of problems: words of the page that shows one
_VALUE = re.compile(r"\{\w+\}")


@router.get("/api")
async def operations(request: Request) -> HTMLResponse:
    """Operations under their headings, as the description has them."""
    return render(request, "api.html", groups=by_heading(request.app.openapi()), headings=TAGS)


def by_heading(described: Mapping[str, Any]) -> dict[str, list[tuple[str, str, Mapping[str, Any]]]]:
    """Method, path and operation, in the order of the headings."""
    found: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {tag: [] for tag in TAGS}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append((method.upper(), path, operation))
    return {tag: operations for tag, operations in found.items() if operations}


@router.get("/api/problems")
async def problems(request: Request) -> HTMLResponse:
    """Where the `type` of problem details (RFC 9457) leads: each code has its anchor."""
    messages = MESSAGES[texts_of(request).language]
    codes = sorted(key.partition(".")[2] for key in messages if key.startswith("problem."))
    told = [
        (code, *(_VALUE.sub("…", messages[f"{section}.{code}"]) for section in ("problem", "cure")))
        for code in codes
        if code not in PAGE_WORDS
    ]
    return render(request, "api_problems.html", problems=told)
