"""Answers that tell a secret once."""

from collections.abc import Mapping
from typing import Any

from starlette.types import Scope

MARK = "x-holds-secret"
# `@router.post(…, openapi_extra=HOLDS_SECRET)`: the answer is never kept, and the API's description says so.
HOLDS_SECRET: dict[str, Any] = {MARK: True}


def holds_secret(scope: Scope) -> bool:
    """After the request was routed."""
    extra: Mapping[str, Any] | None = getattr(scope.get("route"), "openapi_extra", None)
    return bool(extra and extra.get(MARK))
