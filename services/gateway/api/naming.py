"""Names of operations and models in the API's description. Pure."""

import re
from collections.abc import Mapping
from typing import Any

MODULE_MARK = "__"  # between the parts of a model's name where FastAPI tells two of one name apart


def operation_id(method: str, path: str) -> str:
    """`GET /api/cases/{case_id}/orders` → `get_case_orders`: one for each path and method, and one can guess it."""
    words: list[str] = []
    for part in path.removeprefix("/api/").split("/"):
        if part.startswith("{"):
            words[-1] = _one(words[-1])
            part = part.partition("}")[2]
        words += [word for word in re.split(r"[^a-z0-9]+", part) if word]
    return "_".join([method.lower(), *words])


def _one(word: str) -> str:
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")


def renamed(told: dict[str, Any]) -> dict[str, Any]:
    """`services__gateway__routes__transfers__Why` → `TransfersWhy`, wherever two models have one name."""
    schemas = told["components"]["schemas"]
    names = {name: _short(name) for name in schemas if MODULE_MARK in name}
    for name, short in names.items():
        schemas[short] = {**schemas.pop(name), "title": short}
    return dict(_follow(told, names))


def _short(name: str) -> str:
    *_, module, model = name.split(MODULE_MARK)
    return module.removeprefix("api_").removesuffix("_models").title().replace("_", "") + model


def _follow(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401  # JSON
    if isinstance(value, list):
        return [_follow(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: _target(one, names) if key == "$ref" else _follow(one, names) for key, one in value.items()}


def _target(reference: str, names: Mapping[str, str]) -> str:
    place, _, name = reference.rpartition("/")
    return f"{place}/{names.get(name, name)}"
