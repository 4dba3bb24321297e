"""Schools, addresses, names and accounts, by the words around them: `patterns.toml`, one row a language and kind.

A row's pattern is only tried near one of its hints, all of which are looked for at once.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import ahocorasick

# Characters around a hint in which a pattern has to match.
BEFORE, AFTER = 60, 70
DIGITS = "0123456789"


@dataclass(frozen=True)
class Row:
    """`unless`: a match that begins so is no personal data ("our school")."""

    kind: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None


def worded(text: str, most: int) -> dict[str, int]:
    """How many of each kind, different ones only."""
    found: dict[str, set[str]] = {}
    tried: dict[int, int] = {}  # of each row, up to where it was tried, and where its last match ended
    matched: dict[int, int] = {}
    for end, (longest, numbers) in _HINTS.iter(text):
        for number in numbers:
            row = _ROWS[number]
            seen = found.setdefault(row.kind, set())
            if len(seen) < most and end >= tried.get(number, 0):
                # Not from within the last match: the rest of a name would be another name.
                start = max(end + 1 - longest - BEFORE, matched.get(number, 0))
                for match in _matches(row.pattern, text, start, end + AFTER):
                    matched[number] = match.end()
                    if row.unless is None or not row.unless.match(match.group()):
                        seen.add(match.group())
                tried[number] = end + AFTER // 2
    return {kind: len(seen) for kind, seen in found.items() if seen}


def _matches(pattern: re.Pattern[str], text: str, start: int, stop: int) -> Iterator[re.Match[str]]:
    """Those that begin between the two, each to its own end."""
    for match in pattern.finditer(text, start, stop):
        yield pattern.match(text, match.start(), stop + AFTER) or match


def _rows(file: Path) -> list[Row]:
    given = tomllib.loads(file.read_text(encoding="utf-8"))
    letters = given["letters"]

    def compiled(pattern: str) -> re.Pattern[str]:
        for name, meant in letters.items():
            pattern = pattern.replace(f"<{name}>", meant)
        return re.compile(pattern)

    return [
        Row(
            row["kind"],
            tuple(hint for given in row["hints"] for hint in _spellings(given)),
            compiled(row["pattern"]),
            compiled(row["unless"]) if "unless" in row else None,
        )
        for row in given["rows"]
    ]


def _spellings(hint: str) -> Iterator[str]:
    """Each digit for each #; in any case, unless the hint has capitals."""
    for spelling in {hint, hint.upper(), hint.capitalize()} if hint == hint.lower() else {hint}:
        first, *others = spelling.split("#")
        for digits in product(DIGITS, repeat=len(others)):
            yield first + "".join(map(str.__add__, digits, others))


def _automaton(rows: list[Row]) -> ahocorasick.Automaton:
    by_hint: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        for hint in row.hints:
            by_hint.setdefault(hint, []).append(number)
    automaton = ahocorasick.Automaton()
    for hint, numbers in by_hint.items():
        automaton.add_word(hint, (len(hint), tuple(numbers)))
    automaton.make_automaton()
    return automaton


_ROWS = _rows(Path(__file__).with_name("patterns.toml"))
_HINTS = _automaton(_ROWS)
