"""Moments and days as the API takes them: RFC 3339 alone. Pydantic would take numbers too, as seconds of some epoch."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field


def _text(value: object) -> object:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or value.strip().lstrip("+-").replace(".", "", 1).isdigit():
        raise ValueError("neither a moment nor a day as RFC 3339 writes them")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_text), Field(strict=False)]
Day = Annotated[date, BeforeValidator(_text), Field(strict=False)]
