"""Answers that a route alone can tell of, for the description: `@router.get(…, responses=refuses(404) | PDF)`."""

from typing import Any

from services.gateway.answers import ProblemDetails

Answers = dict[int | str, dict[str, Any]]


def binary(media_type: str) -> Answers:
    return {200: {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}}


def refuses(*statuses: int) -> Answers:
    """Besides those that follow by rule (`describing.Known.refusals`)."""
    return {status: {"model": ProblemDetails} for status in statuses}


PDF, ZIP = binary("application/pdf"), binary("application/zip")
