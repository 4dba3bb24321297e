"""The API's description, and what follows from it in tests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs

from services.gateway.web import routed

Operation = dict[str, Any]


@cache
def described() -> dict[str, Any]:
    """As `/api/openapi.json` tells it."""
    return routed().openapi()


def operations() -> Iterator[tuple[str, str, Operation]]:
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def resolved(value: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        kind, name = value["$ref"].split("/")[-2:]
        value = described()["components"][kind][name]
    return value


def wrong(value: object, schema: dict[str, Any]) -> list[str]:
    """What of the value does not follow the schema (JSON Schema 2020-12, the dialect of OpenAPI 3.1)."""
    whole = {**schema, "components": described()["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(value)]
