"""A letter for people, without the words of pages and conversations: those are shown when they are asked for. Pure."""

import json
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from shared.bus.letters import MARK, Letter
from shared.text import one_line

LONGEST_ERROR = 160
# Errors quote what they stumble over, and these topics carry what people wrote.
WORDS = frozenset({"content.found", "conversation.observed", "report.received"})
# Fields that say what kind of thing it is, or which one, and nothing that a person wrote.
PLAIN_ENDS = ("_id", "_at", "_on", "sha256")
PLAIN = frozenset({"kind", "state", "verdict", "category", "language", "country", "round", "version", "lane", "stage"})
DEEPEST = 20


def table(letters: Sequence[Letter]) -> Table:
    made = Table("letter", "parked", "by", "type", "attempts", "why", "ended", box=None, pad_edge=False)
    for one in letters:
        at = f"{one.parked_at:%Y-%m-%d %H:%M:%S}" if one.parked_at else ""
        made.add_row(one.name, at, one.service, one.type, one.attempts, why(one), one.ended or "")
    return made


def why(letter: Letter) -> str:
    """The error; of topics with people's words its class alone."""
    said = one_line(letter.error, LONGEST_ERROR)
    return said.partition(":")[0] if letter.topic in WORDS else said


def whole(letter: Letter, values: bool) -> dict[str, Any]:
    """`values`: with the event as it is."""
    headers = {name: letter.header(name) for name in letter.record.headers if not name.startswith(MARK)}
    return {
        "letter": letter.name,
        "parked_at": letter.parked_at.isoformat() if letter.parked_at else None,
        "service": letter.service,
        "attempts": letter.attempts,
        "error": letter.error if values else why(letter),
        "from": {name: letter.header(MARK + name) for name in ("topic", "partition", "offset")},
        "ended": letter.ended,
        "headers": headers if values else {name: text for name, text in headers.items() if name != "ce_subject"},
        "event": _event(letter.record.value, values),
    }


def _event(value: bytes | None, values: bool) -> object:
    if value is None:
        return None
    try:
        told = json.loads(value)
    except (ValueError, RecursionError):
        return value.decode(errors="replace") if values else f"{len(value):,} bytes that are no JSON"
    return told if values else redacted(told)


def redacted(told: object, name: str = "", depth: int = 0) -> object:
    """The same shape: numbers, ids, moments and kinds stay, of every other text its length."""
    if depth > DEEPEST:
        return "…"
    if isinstance(told, dict):
        return {key: redacted(value, key, depth + 1) for key, value in told.items()}
    if isinstance(told, list):
        return [redacted(value, name, depth + 1) for value in told]
    if isinstance(told, str) and name not in PLAIN and not name.endswith(PLAIN_ENDS):
        return f"({len(told):,} characters)"
    return told
