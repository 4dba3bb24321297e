"""What evaders do to a text, applied to training examples so that a model has seen it: each keeps it readable."""

from collections.abc import Callable
from random import Random

from services.classifier.texts.confusables import CYRILLIC, LEET
from services.classifier.texts.jamo import decompose

_EMOJI = "😀🔥✨🙃👍🌙🐸"
_INVISIBLE = "\u200b\u200d\u2060\u00ad"
_LEET = {letter: digit for digit, letter in LEET.items() if digit.isdigit()}
_CYRILLIC = {latin: cyrillic for cyrillic, latin in CYRILLIC.items()}


def spaced(text: str, rng: Random) -> str:
    return "".join(c + (" " if rng.random() < 0.5 else "") for c in text)


def unspaced(text: str, _: Random) -> str:
    return text.replace(" ", "")


def punctuated(text: str, rng: Random) -> str:
    mark = rng.choice(".-_*~^")
    return "".join(c + (mark if not c.isspace() and rng.random() < 0.5 else "") for c in text)


def leet(text: str, rng: Random) -> str:
    return "".join(_LEET.get(c.lower(), c) if rng.random() < 0.7 else c for c in text)


def look_alike(text: str, rng: Random) -> str:
    return "".join(_CYRILLIC.get(c, c) if rng.random() < 0.5 else c for c in text)


def zero_width(text: str, rng: Random) -> str:
    return "".join(c + (rng.choice(_INVISIBLE) if rng.random() < 0.5 else "") for c in text)


def emoji(text: str, rng: Random) -> str:
    return "".join(c + (rng.choice(_EMOJI) if rng.random() < 0.2 else "") for c in text)


def letter_by_letter(text: str, rng: Random) -> str:
    """Korean syllables as single jamo; other scripts stay."""
    return "".join(decompose(c) if rng.random() < 0.7 else c for c in text)


def stretched(text: str, rng: Random) -> str:
    return "".join(c * (rng.randint(3, 5) if c.isalpha() and rng.random() < 0.1 else 1) for c in text)


def dropped(text: str, rng: Random) -> str:
    """A few letters missing, as in hasty typing."""
    return "".join(c for c in text if rng.random() > 0.04)


DISGUISES: tuple[Callable[[str, Random], str], ...] = (
    spaced, unspaced, punctuated, leet, look_alike, zero_width, emoji, letter_by_letter, stretched, dropped,
)  # fmt: skip


def disguised(text: str, rng: Random) -> str:
    """The text under one of the disguises, sometimes under two."""
    for change in rng.sample(DISGUISES, rng.choice((1, 1, 2))):
        text = change(text, rng)
    return text
