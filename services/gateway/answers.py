"""How problems are answered: a page in the reader's language, or JSON that names the field and the cure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.gateway.autosend.policy import PolicyState
from services.gateway.pages import render
from services.gateway.problems import Problem
from services.gateway.requests import recognised, texts_of
from services.gateway.sessions import Visitor
from services.gateway.texts import MESSAGES, Texts
from shared.failures import Transient

API = "/api/"
RETRY_AFTER_S = "3"  # about how long a database takes to come back from a restart
HTTP_CODES = {404: "no-page", 405: "wrong-method", 413: "too-large"}


class ErrorItem(BaseModel):
    """`field`: which part of the request, when it is one. `code`: stable, for programs."""

    field: str | None
    code: str
    problem: str
    cure: str


class Errors(BaseModel):
    errors: list[ErrorItem]


def install(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _problem)  # type: ignore[arg-type]  # typed for Exception only
    app.add_exception_handler(RequestValidationError, _invalid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _http)  # type: ignore[arg-type]
    app.add_exception_handler(Transient, _away)
    app.add_exception_handler(Exception, _our_fault)  # answered, and raised again for the log


async def _problem(request: Request, problem: Problem) -> Response:
    if request.url.path.startswith(API):
        return plain(request, problem)
    if problem.code == "not-logged-in":
        return to_login(request)
    return plain(request, problem, await recognised(request))


def plain(request: Request, problem: Problem, visitor: Visitor | None = None) -> Response:
    if request.url.path.startswith(API):
        words = describe(problem, Texts("en"))
        item = ErrorItem(field=problem.field, code=problem.code, problem=words["problem"], cure=words["cure"])
        return errors(problem.status, [item])
    words = describe(problem, texts_of(request))
    return render(request, "problem.html", visitor, problem.status, field=problem.field, **words)


def describe(problem: Problem, texts: Texts) -> Mapping[str, str]:
    values = {name: readable(value, texts) for name, value in problem.values.items()}
    return {"problem": texts(f"problem.{problem.code}", **values), "cure": texts(f"cure.{problem.code}", **values)}


def readable(value: object, texts: Texts) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S %Z")
    return texts.word("policy_state" if isinstance(value, PolicyState) else "state", value)


def to_login(request: Request) -> Response:
    """Back to where they were going once logged in; a fragment cannot be shown again, so its page is."""
    if "HX-Request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    if request.method != "GET":
        return RedirectResponse("/login", 303)
    going = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return RedirectResponse(f"/login?{urlencode({'next': going})}", 303)


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    if not request.url.path.startswith(API):
        return await _problem(request, Problem(404, "no-page"))
    return errors(422, [explain(item) for item in error.errors()])


def explain(item: Mapping[str, Any]) -> ErrorItem:
    field = ".".join(str(step) for step in item["loc"] if step != "body") or "body"
    cure = MESSAGES["en"].get(f"invalid.{item['type']}", MESSAGES["en"]["invalid.other"])
    return ErrorItem(field=field, code=item["type"], problem=item["msg"], cure=cure)


async def _http(request: Request, error: HTTPException) -> Response:
    return await _problem(request, Problem(error.status_code, HTTP_CODES.get(error.status_code, "refused")))


async def _away(request: Request, error: Exception) -> Response:
    """Nobody is looked up here: the database may be what is away."""
    answer = plain(request, Problem(503, "away"))
    answer.headers["Retry-After"] = RETRY_AFTER_S
    return answer


async def _our_fault(request: Request, error: Exception) -> Response:
    return plain(request, Problem(500, "our-fault"))


def errors(status: int, items: Sequence[ErrorItem]) -> JSONResponse:
    return JSONResponse(Errors(errors=list(items)).model_dump(), status)
