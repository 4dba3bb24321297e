"""Moments as the API takes them: RFC 3339 alone. Pydantic would take numbers too, as seconds of some epoch."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field


def _text(value: object) -> object:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or value.strip().lstrip("+-").replace(".", "", 1).isdigit():
        raise ValueError("not a moment as RFC 3339 writes it")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_text), Field(strict=False)]
