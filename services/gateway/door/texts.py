"""The door's words, a file a language under `words/`. Officials' pages have theirs in `messages/`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent / "words"
# In the order in which they are offered. Those without a native reader's review are named in docs/door.md.
LANGUAGES = ("ko", "en", "zh", "ja", "vi", "th", "ru")
MAX_ACCEPTED = 20  # entries of an Accept-Language header that are read


def load(language: str) -> dict[str, str]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


WORDS: Mapping[str, Mapping[str, str]] = {language: load(language) for language in LANGUAGES}


class Words:
    """Call it with a key; raises `KeyError` for an unknown one."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._words = WORDS[language]

    def __call__(self, key: str, **values: object) -> str:
        return self._words[key].format(**values) if values else self._words[key]


def negotiate(chosen: str | None, accepted: str | None, default: str) -> str:
    """The language asked for by name, else the browser's first one of ours (browsers list them by preference), else
    the default."""
    if chosen in WORDS:
        return str(chosen)
    for part in (accepted or "").split(",")[:MAX_ACCEPTED]:
        language = part.partition(";")[0].strip().lower().partition("-")[0]
        if language in WORDS:
            return language
    return default
