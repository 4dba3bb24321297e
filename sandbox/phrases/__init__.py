"""The word lists and sentence patterns of each language, one TOML file a language."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

LANGUAGES = ("ko", "en", "ja", "zh", "vi", "th", "ru")


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """Patterns carry `{slot}`s, each slot a key of `words`. `labels` are the words of the pages' furniture.

    Only `cues` are what must be found; `near` uses one part of a cue (object, colour and token, or spot and number)
    in an innocent sentence. `joiner` stands between two sentences.
    """

    language: str
    country: str
    utc_offset_hours: int
    joiner: str
    labels: dict[str, str]
    words: dict[str, tuple[str, ...]]
    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    remarks: tuple[str, ...]
    near: tuple[str, ...]
    cues: tuple[str, ...]


@cache
def phrasebook(language: str) -> Phrasebook:
    raw = tomllib.loads((resources.files(__name__) / f"{language}.toml").read_text("utf-8"))
    return Phrasebook(
        language=raw["language"],
        country=raw["country"],
        utc_offset_hours=raw["utc_offset_hours"],
        joiner=raw["joiner"],
        labels=raw["labels"],
        words={slot: tuple(words) for slot, words in raw["words"].items()},
        **{name: tuple(patterns) for name, patterns in raw["texts"].items()},
    )
