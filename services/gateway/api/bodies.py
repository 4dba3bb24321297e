"""Answers that are no JSON, for the description: `@router.get(…, response_class=Response, responses=PDF)`."""

from typing import Any


def binary(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}}


PDF, ZIP = binary("application/pdf"), binary("application/zip")
