"""Whether the second, independent look saw what the browser saw: lines of the report, from the comparison (pure)."""

from collections.abc import Mapping

from services.evidence.bundle.contents import Json
from services.evidence.bundle.words import Pair, say


def looks(steps: Mapping[str, Json]) -> list[Pair]:
    return [say("away")] if "compare" not in steps else []
