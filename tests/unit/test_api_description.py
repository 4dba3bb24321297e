"""The API's description keeps what it promises: names, refusals, examples, models; and nobody has to write it down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.gateway.api.tags import TAGS
from services.gateway.texts import MESSAGES
from tests.support.api import Operation, described, operations, resolved, wrong

SECRETS = ("token", "secret", "client_secret", "password", "pin", "recovery_codes", "invitation", "access_token")
BY_NAME = {f"{method} {path}": (method, path, operation) for method, path, operation in operations()}


@pytest.fixture(params=BY_NAME)
def told(request: pytest.FixtureRequest) -> tuple[str, str, Operation]:
    return BY_NAME[request.param]


def contents(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    for media in operation.get("requestBody", {}).get("content", {}).values():
        yield "request", media
    for status, answer in operation["responses"].items():
        for kind, media in resolved(answer).get("content", {}).items():
            if kind == "application/json":
                yield status, media


def test_each_operation_is_told_in_words_under_a_heading(told: tuple[str, str, Operation]) -> None:
    _, path, operation = told
    assert operation["summary"]
    assert len(operation["summary"]) < 120
    [tag] = operation["tags"]
    assert tag in TAGS
    assert tag != "other", f"{path}: give it a heading in services/gateway/api/tags.py"


def test_names_of_operations_are_unlike() -> None:
    names = [operation["operationId"] for _, _, operation in BY_NAME.values()]
    assert len(names) == len(set(names))


def test_what_comes_in_is_a_model_and_what_goes_out_is_another(told: tuple[str, str, Operation]) -> None:
    """No bare object and no bare list: both could not grow a field."""
    _, _, operation = told
    for where, media in contents(operation):
        schema = resolved(media["schema"])
        assert schema.get("type") == "object", where
        assert "properties" in schema, where


def test_inputs_take_nothing_that_is_not_named_and_nothing_without_end(told: tuple[str, str, Operation]) -> None:
    _, _, operation = told
    for where, media in contents(operation):
        if where == "request" and takes_json(operation):
            assert list(unbounded(media["schema"], "")) == []


def takes_json(operation: Operation) -> bool:
    """The token's form follows RFC 6749, which lets a client say more than is known."""
    return "application/json" in operation.get("requestBody", {}).get("content", {})


def unbounded(schema: dict[str, Any], at: str) -> Iterator[str]:
    schema = resolved(schema)
    for many in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(many, ()):
            yield from unbounded(one, at)
    kind = schema.get("type")
    if kind == "object":
        if schema.get("additionalProperties", True) is True:
            yield f"{at}: takes whatever comes"
        for name, inner in schema.get("properties", {}).items():
            yield from unbounded(inner, f"{at}.{name}")
    if kind == "array":
        if "maxItems" not in schema:
            yield f"{at}: a list without end"
        yield from unbounded(schema.get("items", {}), f"{at}[]")
    if kind == "string" and not {"maxLength", "enum", "const", "format", "pattern"} & set(schema):
        yield f"{at}: a text without end"


def test_each_example_follows_its_schema(told: tuple[str, str, Operation]) -> None:
    _, _, operation = told
    for where, media in contents(operation):
        if where == "request" or where.startswith("2"):
            assert wrong(media["example"], media["schema"]) == [], where
    for parameter in operation.get("parameters", ()):
        if parameter["required"]:
            assert wrong(parameter["example"], parameter["schema"]) == [], parameter["name"]


def test_every_refusal_that_can_come_is_told(told: tuple[str, str, Operation]) -> None:
    method, path, operation = told
    expected = {"429", "500", "503"}
    expected |= {"401", "403"} if operation["security"] else set()
    expected |= {"404", "422"} if "{" in path else set()
    expected |= {"409"} if method != "GET" else set()
    expected |= {"413", "415", "422"} if takes_json(operation) else set()
    assert expected <= set(operation["responses"])
    for status in expected:
        assert "application/problem+json" in resolved(operation["responses"][status])["content"]


def test_answers_with_a_secret_say_so(told: tuple[str, str, Operation]) -> None:
    """Else their answers were kept for whoever repeats the request."""
    method, _, operation = told
    shown = json.dumps([media.get("example") for where, media in contents(operation) if where != "request"])
    if method == "POST" and any(f'"{name}":' in shown for name in SECRETS):
        assert operation.get("x-holds-secret")


def test_every_code_of_a_problem_has_a_cure_in_both_languages() -> None:
    for language in MESSAGES.values():
        problems = {key.partition(".")[2] for key in language if key.startswith("problem.")} - {"title", "back"}
        cures = {key.partition(".")[2] for key in language if key.startswith("cure.")}
        assert problems == cures


def test_the_description_is_version_3_1_and_tells_how_to_be_known() -> None:
    assert described()["openapi"].startswith("3.1")
    assert set(described()["components"]["securitySchemes"]) == {"bearer", "session", "csrf", "service"}
