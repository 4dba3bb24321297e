"""How problems are answered: a page in the reader's language, or problem details (RFC 9457) with field and cure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.gateway.api.routed import allowed
from services.gateway.autosend.policy import PolicyState
from services.gateway.pages import render
from services.gateway.problems import Problem
from services.gateway.requests import recognised, texts_of
from services.gateway.rights.vocabulary import Right
from services.gateway.sessions import Visitor
from services.gateway.texts import MESSAGES, Texts
from shared.failures import Transient

API = "/api/"
MEDIA = "application/problem+json"
TYPES = "/api/problems"  # a page that describes every type of problem
MOST_ERRORS = 50  # told at once: whoever sends a thousand wrong items has one cause for them
LONGEST_FIELD = 200  # characters: no name of ours has more, and what comes in is not told back whole
INVALID = "invalid"  # the type of what did not fit the description; each error has a code of its own
# Seconds, where the problem does not tell them: how long a database takes to come back from a restart; long enough
# that a program which does as it is told stays under every limit.
RETRY_AFTER_S = {503: 3, 429: 60}
HTTP_CODES = {400: "malformed", 404: "no-page", 405: "wrong-method", 413: "too-large", 415: "wrong-media"}


class ErrorItem(BaseModel):
    """`field`: which part of the request, when it is one. `code`: stable, for programs."""

    field: str | None
    code: str
    problem: str
    cure: str


class ProblemDetails(BaseModel):
    """RFC 9457. `type`: a page with the problem and its cure; `title`: the status in words; `detail`: the first error's
    problem; `instance`: the path that was asked for. `errors` is ours: each thing that is wrong."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[ErrorItem]


Errors = ProblemDetails


def install(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _problem)  # type: ignore[arg-type]  # typed for Exception only
    app.add_exception_handler(RequestValidationError, _invalid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _http)  # type: ignore[arg-type]
    app.add_exception_handler(Transient, _away)
    app.add_exception_handler(ClientDisconnect, _left)
    app.add_exception_handler(Exception, _our_fault)  # answered, and raised again for the log


async def _problem(request: Request, problem: Problem) -> Response:
    if request.url.path.startswith(API):
        return plain(request, problem)
    if problem.code == "not-logged-in":
        return to_login(request)
    if problem.code == "not-fresh":
        return to_proof(request)
    return plain(request, problem, await recognised(request))


def plain(request: Request, problem: Problem, visitor: Visitor | None = None) -> Response:
    if request.url.path.startswith(API):
        words = describe(problem, Texts("en"))
        item = ErrorItem(field=problem.field, code=problem.code, problem=words["problem"], cure=words["cure"])
        answer: Response = details(request, problem.status, problem.code, [item])
    else:
        words = describe(problem, texts_of(request))
        answer = render(request, "problem.html", visitor, problem.status, field=problem.field, **words)
    wait = problem.values.get("retry_after", RETRY_AFTER_S.get(problem.status))
    if wait is not None:
        answer.headers["Retry-After"] = str(wait)
    return answer


def describe(problem: Problem, texts: Texts) -> Mapping[str, str]:
    values = {name: readable(value, texts) for name, value in problem.values.items()}
    return {"problem": texts(f"problem.{problem.code}", **values), "cure": texts(f"cure.{problem.code}", **values)}


def readable(value: object, texts: Texts) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S %Z")
    if isinstance(value, Right):
        return texts.word("right", value)
    return texts.word("policy_state" if isinstance(value, PolicyState) else "state", value)


def to_login(request: Request) -> Response:
    """Back to where they were going once logged in; a fragment cannot be shown again, so its page is."""
    if "HX-Request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    if request.method != "GET":
        return RedirectResponse("/login", 303)
    going = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return RedirectResponse(f"/login?{urlencode({'next': going})}", 303)


def to_proof(request: Request) -> Response:
    """Then back to the page on which it was begun."""
    page = "/" + request.url.path.split("/")[1]
    return RedirectResponse(f"/me/again?{urlencode({'next': page})}", 303)


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    if not request.url.path.startswith(API):
        return await _problem(request, Problem(404, "no-page"))
    items = [explain(item) for item in error.errors()[:MOST_ERRORS]]
    if any(item.field == "body" and item.code != "missing" for item in items) and not says_json(request):
        return await _problem(request, Problem(415, "wrong-media", field="Content-Type"))
    return details(request, 422, INVALID, items)


def says_json(request: Request) -> bool:
    media = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return media == "application/json" or (media.startswith("application/") and media.endswith("+json"))


def explain(item: Mapping[str, Any]) -> ErrorItem:
    field = ".".join(str(step) for step in item["loc"] if step != "body")[:LONGEST_FIELD] or "body"
    cure = MESSAGES["en"].get(f"invalid.{item['type']}", MESSAGES["en"]["invalid.other"])
    return ErrorItem(field=field, code=item["type"], problem=item["msg"], cure=cure)


async def _http(request: Request, error: HTTPException) -> Response:
    answer = await _problem(request, Problem(error.status_code, HTTP_CODES.get(error.status_code, "refused")))
    if error.status_code == 405:
        answer.headers["Allow"] = allowed(request.app.routes, request.url.path)
    return answer


async def _away(request: Request, error: Exception) -> Response:
    """Nobody is looked up here: the database may be what is away."""
    return plain(request, Problem(503, "away"))


async def _left(request: Request, error: Exception) -> Response:
    """In the middle of its body: nobody hears this, and it is no fault that a log should be filled with."""
    return Response(status_code=400)


async def _our_fault(request: Request, error: Exception) -> Response:
    return plain(request, Problem(500, "our-fault"))


def details(request: Request, status: int, code: str, items: Sequence[ErrorItem]) -> JSONResponse:
    told = ProblemDetails(
        type=f"{TYPES}#{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=items[0].problem,
        instance=quote(request.url.path),
        errors=list(items),
    )
    challenge = {"WWW-Authenticate": "Bearer"} if status == 401 else {}  # RFC 9110, 15.5.2
    return JSONResponse(told.model_dump(), status, challenge, MEDIA)
