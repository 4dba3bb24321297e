"""The words of the report: of each code a Korean and an English one."""

import tomllib
from pathlib import Path

from shared.typeset.plain import shown

Pair = tuple[str, str]

_TABLE = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
WORDS: dict[str, dict[str, Pair]] = {
    section: {name: (pair[0], pair[1]) for name, pair in pairs.items()} for section, pairs in _TABLE.items()
}
MAX_CODE = 60


def word(section: str, code: object) -> Pair:
    """Both words; the code itself while we know none for it."""
    return WORDS[section].get(str(code), (shown(str(code), MAX_CODE), ""))


def say(sentence: str, **values: object) -> Pair:
    korean, english = WORDS["say"][sentence]
    return korean.format(**values), english.format(**values)


def line(pair: Pair) -> str:
    """Both words on one line."""
    return " · ".join(part for part in pair if part)


def percent(permille: int) -> str:
    return f"{permille / 10:g} %"
