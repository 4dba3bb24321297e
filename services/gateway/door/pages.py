"""The door's pages: their own layout, for anybody's browser; and its problems, said where they arose."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.gateway.answers import RETRY_AFTER_S
from services.gateway.door.house import in_language
from services.gateway.door.limits import place_of
from services.gateway.door.texts import LANGUAGES, WORDS, Words, negotiate
from services.gateway.pages import environment
from services.gateway.parts import Parts, parts_of
from services.gateway.problems import Problem
from shared.failures import Transient

MAX_FIELDS = 60
# What a person is told of a problem; the rest is "something is wrong here".
TOLD = {
    "door-too-many": "problem_too_many",
    "door-closed": "problem_closed",
    "door-no-number": "problem_no_number",
    "door-wrong-pin": "problem_wrong_pin",
    "door-pass-over": "problem_pass_over",
    "door-bad-document": "problem_document",
    "door-too-many-pages": "problem_pages",
}
TOO_LARGE, AWAY = 413, 503


def the_parts(request: Request) -> Parts:
    """With the rows of the door's own agency in sight: nobody is logged in here."""
    parts = parts_of(request)
    return parts.within(parts.house.agency)


def place(request: Request) -> str:
    return place_of(request.client.host if request.client else None, parts_of(request).approvals.derived("door"))


def words_of(request: Request, chosen: str | None = None) -> Words:
    wanted = chosen or request.query_params.get("lang")
    return Words(negotiate(wanted, request.headers.get("Accept-Language"), parts_of(request).language))


async def form_of(request: Request) -> FormData:
    """Without files: a picture or a document never comes with it."""
    return await request.form(max_files=0, max_fields=MAX_FIELDS)


def show(
    request: Request,
    template: str,
    words: Words,
    step: str = "",
    status: int = 200,
    **values: Any,  # noqa: ANN401  # templates take anything
) -> HTMLResponse:
    parts = parts_of(request)
    house = parts.house

    def when(moment: datetime) -> str:
        return moment.astimezone(parts.timezone).strftime("%Y-%m-%d %H:%M %Z")

    def named(given: dict[str, str]) -> str:
        return in_language(given, words.language)

    context = {
        "w": words,
        "step": step,
        "when": when,
        "named": named,
        "languages": [(one, WORDS[one]["language"]) for one in LANGUAGES],
        "urgent": [phone for phone in house.file.phones if phone.urgent],
        "phones": [phone for phone in house.file.phones if not phone.urgent],
        "house": house,
        "lang": words.language,
        # A page that answers a form has no address that could be asked for again in another language.
        "path": request.url.path if request.method == "GET" else "/report",
        **values,
    }
    return HTMLResponse(environment.get_template(f"door/{template}").render(context), status)


class DoorRoute(APIRoute):
    """Answers problems in the door's own words and layout."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except Problem as problem:
                return _told(request, problem.status, TOLD.get(problem.code, "problem_other"), problem)
            except HTTPException as refused:
                key = "problem_too_large" if refused.status_code == TOO_LARGE else "problem_other"
                return _told(request, refused.status_code, key)
            except Transient:
                return _told(request, AWAY, "problem_away")

        return told


def _told(request: Request, status: int, key: str, problem: Problem | None = None) -> Response:
    words = words_of(request)
    said = words(key, **problem.values) if problem and key == TOLD.get(problem.code) else words(key)
    answer = show(request, "problem.html", words, status=status, said=said)
    told = problem.values.get("retry_after") if problem else None
    if wait := told or RETRY_AFTER_S.get(status):
        answer.headers["Retry-After"] = str(wait)
    return answer
