"""Templates of the documents, and what both say of a moment and a text."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from services.gateway.problems import Problem
from services.gateway.texts import Texts
from shared.typeset import drawing

HERE = Path(__file__).parent
LOOK = (HERE / "look.typ").read_text(encoding="utf-8")
TEMPLATES = {name: (LOOK + (HERE / f"{name}.typ").read_text(encoding="utf-8")).encode() for name in ("notice", "case")}
When = Callable[[datetime], str]


def draw(template: str, values: Mapping[str, Any], made_at: datetime) -> bytes:
    """Raises `Problem` 500 where template and values disagree: our own fault, said so."""
    try:
        return drawing.draw(TEMPLATES[template], values, made_at)
    except drawing.DrawingFailed as error:
        raise Problem(500, "not-drawn") from error


def clock(timezone: tzinfo) -> When:
    """Local time with its zone, and in brackets UTC: a document is read elsewhere too."""

    def when(moment: datetime) -> str:
        here, universal = moment.astimezone(timezone), moment.astimezone(UTC)
        told = f"{here:%Y-%m-%d %H:%M:%S %Z}"
        return told if here.tzname() == "UTC" else f"{told} ({universal:%H:%M:%S} UTC)"

    return when


def words(texts: Texts, **keys: str) -> dict[str, str]:
    return {name: texts(key) for name, key in keys.items()}
