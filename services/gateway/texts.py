"""Every word that the pages say, in Korean and English: a folder a language under `messages/`, a file an area."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from shared.events.values import Reason

LANGUAGES = ("ko", "en")
FOLDER = Path(__file__).parent / "messages"
# Values of reasons that are codes themselves, and the section that has their words.
CODES = {
    "kinds": "personal",
    "variant": "variant",
    "category": "category",
    "why": "unread",
    "effect": "effect",
    "law": "law",
}
_WITH_VALUE = re.compile(r"(\D+?)[ -]([\w.]+)")  # a code and its value: raise_to 0.9, centre-10
BY_POLICY = "policy "  # with which the name of a policy begins where a pseudonym would stand; none of them has a blank
MAX_ACCEPTED = 20  # entries of an Accept-Language header that are read; browsers send three or four


def load(language: str) -> dict[str, str]:
    """`{"queue.title": "…"}`: sections and keys of all files, joined by a dot. Raises `ValueError` for a key of two."""
    messages: dict[str, str] = {}
    for file in sorted((FOLDER / language).glob("*.toml")):
        for section, texts in tomllib.loads(file.read_text(encoding="utf-8")).items():
            for key, text in texts.items():
                if messages.setdefault(f"{section}.{key}", text) is not text:
                    raise ValueError(f"{file.name}: {section}.{key} stands in another file too; keep one")
    return messages


MESSAGES: Mapping[str, Mapping[str, str]] = {language: load(language) for language in LANGUAGES}


class Texts:
    """The words of one language. Call it with a key; raises `KeyError` for an unknown one."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._messages = MESSAGES[language]

    def __call__(self, key: str, **values: object) -> str:
        return self._messages[key].format(**values) if values else self._messages[key]

    def word(self, section: str, code: object) -> str:
        """The word for a code of somebody else's vocabulary; the code itself while we know no word for it."""
        return self._messages.get(f"{section}.{code}", str(code))

    def alone(self, section: str, code: object, otherwise: str) -> str:
        """The word for a code whose values nobody kept; the text `otherwise` where the word needs some."""
        word = self.word(section, code)
        return self(otherwise) if "{" in word else word

    def reason(self, reason: Reason) -> str:
        """Its sentence in this language; as its writer wrote it while we know none for it."""
        how = reason.values.get("how")
        sentence = self._messages.get(f"why.{reason.code}-{how}" if how else f"why.{reason.code}")
        try:
            return sentence.format(**self._worded(reason.values)) if sentence else reason.text
        except (LookupError, ValueError):  # a newer writer's values
            return reason.text

    def sentence(self, section: str, code: str, values: Mapping[str, str]) -> str:
        """For a code and values of somebody else's vocabulary; the code itself while we know no words for it."""
        try:
            return self._messages[f"{section}.{code}"].format(**self._worded(values))
        except (LookupError, ValueError):  # a newer writer's code or values
            return code

    def decider(self, name: str) -> str:
        """Who decided: a pseudonym as it is, a policy by its name."""
        return self("autosend.by", name=name.removeprefix(BY_POLICY)) if name.startswith(BY_POLICY) else name

    def _worded(self, values: Mapping[str, str]) -> dict[str, str]:
        return {name: self.words(CODES[name], value) if name in CODES else value for name, value in values.items()}

    def words(self, section: str, codes: str) -> str:
        """Of one code, or of several between commas, some of which may have a value."""
        if (whole := f"{section}.{codes}") in self._messages:
            return self._messages[whole]
        return ", ".join(self._with_value(section, code) for code in codes.split(", "))

    def _with_value(self, section: str, code: str) -> str:
        found = _WITH_VALUE.fullmatch(code)
        if found and f"{section}.{found[1]}" in self._messages:
            return self(f"{section}.{found[1]}", n=found[2])
        return self.word(section, code)


def negotiate(chosen: str | None, accepted: str | None, default: str) -> str:
    """The language chosen on the page, else the browser's best one of ours (RFC 9110, 12.5.4), else the default."""
    if chosen in LANGUAGES:
        return str(chosen)
    wanted: list[tuple[float, str]] = []
    for part in (accepted or "").split(",")[:MAX_ACCEPTED]:
        tag, _, weight = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES:
            wanted.append((quality(weight), language))
    best = max(wanted, key=lambda pair: pair[0], default=(0.0, default))
    return best[1] if best[0] > 0 else default


def quality(weight: str) -> float:
    """`q=0.8` as a number; 1 when there is none, 0 when it is malformed."""
    name, _, value = weight.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0
