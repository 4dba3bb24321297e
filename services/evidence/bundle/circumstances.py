"""Which server showed the page, and whether a second look saw the same: rows of the report, from the steps' facts."""

from collections.abc import Mapping
from typing import Any

from services.evidence.bundle.contents import Json
from services.evidence.bundle.plain import shown
from services.evidence.bundle.words import Pair, line, say

MAX_VALUE = 90
ROWS = (
    ("address", "tls", ("address",)),
    ("owner", "rdap", ("network", "owner")),
    ("registrar", "rdap", ("domain", "registrar")),
    ("registered", "rdap", ("domain", "registered")),
    ("certificate", "tls", ("leaf", "subject")),
    ("issuer", "tls", ("leaf", "issuer")),
    ("valid", "tls", ("leaf", "not_after")),
    ("fingerprint", "tls", ("leaf", "sha256")),
    ("clock", "conditions", ("clock_offset_ms",)),
)


def server(steps: Mapping[str, Json]) -> list[tuple[str, str]]:
    return [(label, value(steps, step, path)) for label, step, path in ROWS]


def value(steps: Mapping[str, Json], step: str, path: tuple[str, ...]) -> str:
    """ "received nothing" for a step that failed, "not known" for what it could not tell."""
    if step not in steps:
        return line(say("away"))
    found: Any = steps[step]
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return shown(str(found), MAX_VALUE) if found not in (None, "") else line(say("unknown"))


def looks(steps: Mapping[str, Json]) -> list[Pair]:
    return [say("away")] if "compare" not in steps else []
