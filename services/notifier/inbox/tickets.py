"""The recipient's number for the matter, wherever its ticket system writes it (data: `data/tickets.toml`; pure)."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from services.notifier.inbox.letter import Incoming

FILE = Path(__file__).with_name("data") / "tickets.toml"
OURS = re.compile(r"^HT-?[A-Z2-7]{8}$")
MAX_SUBJECT, MAX_BODY = 500, 4_000  # characters: a number stands at the beginning
MAX_TICKET = 60


@dataclass(frozen=True)
class Places:
    headers: tuple[str, ...]
    subject: tuple[re.Pattern[str], ...]
    body: tuple[re.Pattern[str], ...]


@cache
def places() -> Places:
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return Places(
        tuple(data["headers"]),
        tuple(re.compile(pattern) for pattern in data["subject"]),
        tuple(re.compile(pattern) for pattern in data["body"]),
    )


def ticket(mail: Incoming, answer: str) -> str:
    """Empty when there is none. `answer`: its text without what it quotes."""
    known = places()
    for name in known.headers:
        if found := mail.headers.get(name, ""):
            return found[:MAX_TICKET]
    return _first(known.subject, mail.subject[:MAX_SUBJECT]) or _first(known.body, answer[:MAX_BODY])


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> str:
    """A number has a digit: "case number has" is none. Our own reference is none either."""
    for pattern in patterns:
        for found in pattern.finditer(text):
            number = found.group(1).rstrip("-")
            if any(c.isdigit() for c in number) and not OURS.match(number.upper()):
                return number[:MAX_TICKET]
    return ""
