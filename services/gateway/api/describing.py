"""The API described (OpenAPI 3.1): what FastAPI knows of the routes, and what follows for each by rule.

Which refusals can come, who may ask, what is kept or tagged: all of it follows from what a route takes and which right
it names, so no route says it again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from services.gateway.answers import MEDIA, ProblemDetails
from services.gateway.api.examples import example_of
from services.gateway.api.idempotent import METHODS as KEYED
from services.gateway.api.naming import operation_id, renamed
from services.gateway.api.routed import flat
from services.gateway.api.schemas import Schemas
from services.gateway.api.shared_parts import ETAG, KEY, KNOWN_TAG, LINK, RETRY, SCHEMES
from services.gateway.api.tags import TAGS, tag_of
from services.gateway.rights.vocabulary import Right

VERSION = "1"
ABOUT = """What the pages do, for programs. Times are RFC 3339, lists go on by `next`, and what is wrong is told as
problem details (RFC 9457) with the field and the cure. A GET has an `ETag`; a POST may have an `Idempotency-Key`."""
# Every refusal that a rule or a route tells of.
STATUSES = (400, 401, 403, 404, 409, 410, 412, 413, 415, 422, 429, 500, 502, 503)
OURS = ("/ProblemDetails", "/HTTPValidationError")  # the latter is FastAPI's, which never comes
LONGEST_SUMMARY = 100  # characters: a line of a list
TOLD_WHEN = (409, 429, 503)


@dataclass(frozen=True)
class Known:
    """What the rules ask of a route. `proves`: with a cookie it needs the header too."""

    right: Right | None
    takes_body: bool
    takes_path: bool
    takes_query: bool
    changes: bool
    proves: bool

    @classmethod
    def of(cls, route: APIRoute, method: str) -> "Known":
        right = next((r for d in route.dependant.dependencies if (r := getattr(d.call, "right", None))), None)
        changes = method not in ("GET", "HEAD")
        return cls(
            right=right,
            takes_body=route.body_field is not None,
            takes_path=bool(route.dependant.path_params),
            takes_query=bool(route.dependant.query_params),
            changes=changes,
            proves=changes,
        )

    def refusals(self) -> Iterator[int]:
        """Statuses that can come before, around or inside the route."""
        if self.right:
            yield from (401, 403)
        if self.takes_path or (self.right and self.takes_body):  # which may name what is not there
            yield from (404, 409)
        if self.changes:
            yield from (400, 409, 413)
        if self.takes_body:
            yield 415
        if self.takes_body or self.takes_path or self.takes_query or self.changes:
            yield 422
        yield from (429, 500, 503)


def install(app: FastAPI) -> None:
    """`/api/openapi.json` is made once, when it is first asked for."""

    def made() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = describe(app)
        return app.openapi_schema

    app.openapi = made  # type: ignore[method-assign]  # the way that FastAPI documents


def describe(app: FastAPI) -> dict[str, Any]:
    told = get_openapi(title="Haetae", version=VERSION, description=ABOUT, routes=app.routes)
    told["tags"] = [{"name": name, "description": about} for name, about in TAGS.items()]
    components = told.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= _problem_schemas()
    _close(schemas.values())
    components["securitySchemes"] = SCHEMES
    components["responses"] = {_name(status): _refusal(status) for status in STATUSES}
    routes = {(method, route.path): route for route in flat(app.routes) for method in route.methods or ()}
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            route = routes[method.upper(), path]
            _tell(operation, path, method.upper(), route, Schemas(schemas))
    told["paths"] = dict(sorted(told["paths"].items(), key=_heading))  # under one heading, as the routers have them
    return renamed(told)


def _heading(path: tuple[str, object]) -> int:
    return [*TAGS].index(tag_of(path[0]))


def _tell(operation: dict[str, Any], path: str, method: str, route: APIRoute, among: Schemas) -> None:
    known, tag = Known.of(route, method), tag_of(path)
    operation["tags"] = [tag]
    operation["operationId"] = operation_id(method, path)
    _words(operation, route, known)
    operation["security"] = _security(known)
    parameters: list[dict[str, Any]] = operation.setdefault("parameters", [])
    for parameter in parameters:
        _parameter(parameter, among)
    if method in KEYED and known.right:
        parameters.append(KEY)
    answers = operation["responses"]
    _answers(answers, known, tells_json=method == "GET")
    if any("ETag" in answer.get("headers", {}) for answer in answers.values()):
        parameters.append(KNOWN_TAG)
    for content in (operation.get("requestBody", {}), *answers.values()):
        _exemplify(content, among)
    if not parameters:
        del operation["parameters"]


def _words(operation: dict[str, Any], route: APIRoute, known: Known) -> None:
    """The first sentence of what the route says of itself is its summary, where it is given none."""
    said = " ".join(operation.get("description", operation.get("summary", "")).split())
    first, rest = _head(said)
    operation["summary"], rest = (route.summary, said) if route.summary else (first.removesuffix("."), rest)
    needs = f"Needs the right `{known.right.value}`." if known.right else ""
    operation["description"] = " ".join(part for part in (rest, needs) if part) or operation["summary"]


def _head(said: str) -> tuple[str, str]:
    """The first sentence and the rest; of a long one, what stands before its first pause."""
    first, _, rest = said.partition(". ")
    if len(first) <= LONGEST_SUMMARY:
        return first, rest
    pause = min((place for mark in (": ", "; ", ", ") if (place := first.find(mark)) > 0), default=len(first))
    return first[:pause], said


def _security(known: Known) -> list[dict[str, list[str]]]:
    if known.right is None:
        return []
    browser: dict[str, list[str]] = {"session": [], "csrf": []} if known.proves else {"session": []}
    return [{"bearer": []}, {"service": [known.right.value]}, browser]


def _parameter(parameter: dict[str, Any], among: Schemas) -> None:
    if parameter["required"] and "example" not in parameter:
        parameter["example"] = example_of(parameter["schema"], among, parameter["name"])


def _answers(answers: dict[str, Any], known: Known, *, tells_json: bool) -> None:
    """Refusals have one form, but where a route says that one of its own has another."""
    declared = [status for status, answer in answers.items() if status[0] in "45" and not _has_own_form(answer)]
    ruled = [str(status) for status in known.refusals() if str(status) not in answers]
    for status in (*declared, *ruled):
        answers[status] = {"$ref": f"#/components/responses/{_name(int(status))}"}
    told = answers.get("200", {})
    if tells_json and "schema" in told.get("content", {}).get("application/json", {}):
        told["headers"] = {**ETAG, **told.get("headers", {})}
        answers["304"] = {"description": "What you have is still right.", "headers": ETAG}


def _exemplify(content: Mapping[str, Any], among: Schemas) -> None:
    for media in content.get("content", {}).values():
        schema = media.get("schema", {})
        if schema and "example" not in media and "examples" not in media and schema.get("format") != "binary":
            media["example"] = example_of(schema, among)
            if isinstance(media["example"], dict) and "next" in media["example"] and "headers" in content:
                content["headers"].update(LINK)


def _has_own_form(answer: Mapping[str, Any]) -> bool:
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return "$ref" in schema and not schema["$ref"].endswith(OURS)


def _close(schemas: Iterable[dict[str, Any]]) -> None:
    """Names that a pattern describes are the only ones; pydantic refuses others and does not say so."""
    for schema in schemas:
        for inner in (schema, *schema.get("properties", {}).values()):
            if "patternProperties" in inner:
                inner.setdefault("additionalProperties", False)


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "").replace("-", "")


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    headers = {"headers": RETRY} if status in TOLD_WHEN else {}
    return {"description": HTTPStatus(status).phrase, "content": {MEDIA: {"schema": schema}}, **headers}


def _problem_schemas() -> dict[str, Any]:
    made = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**made.pop("$defs"), "ProblemDetails": made}
