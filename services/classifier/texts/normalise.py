"""One form of a text, however its writer disguised it. Both functions are idempotent.

`clean` keeps the meaning and can be read: what a language model gets. `skeleton` keeps only what n-grams compare.
"""

import re
import unicodedata
from collections.abc import Callable

from services.classifier.texts.confusables import ACCENTS, INVISIBLE, SIGNED_SCRIPTS, SKELETON
from services.classifier.texts.jamo import as_compatibility, compose

_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
_ACCENTS = re.compile(f"[{ACCENTS}]+")
_SPACE = re.compile(r"[^\S\n]+")
_NO_WORD = re.compile(rf"[^\w{SIGNED_SCRIPTS}]+|_+")
_RUN = re.compile(r"(.)\1{2,}", re.DOTALL)  # three and more of a letter are emphasis; two may be spelling
# Normalising takes time with the square of a run of combining marks; no writing system stacks more than 30 (Unicode
# Standard Annex 15, 13, "stream-safe"). U+FF9E and U+FF9F are letters that become such marks.
_SIGNS = re.compile(r"((?:[^\w\s]|[\uff9e\uff9f]){30})(?:[^\w\s]|[\uff9e\uff9f])+")
_ROUNDS = 8  # each round but the last shortens the text or joins letters; real texts settle in one or two


def clean(text: str) -> str:
    """Compatibility forms resolved, invisible characters gone, typed jamo joined, runs of blanks one; lines stay."""
    return _settled(text, _cleaned)


def skeleton(text: str) -> str:
    """Letters and digits with single blanks: lower case, look-alikes and leetspeak resolved, accents, punctuation and
    repetition gone."""
    return _settled(text, _bared)


def _cleaned(text: str) -> str:
    # Jamo first: NFKC turns compatibility jamo into leads that never become a syllable's tail.
    text = unicodedata.normalize("NFKC", compose(_SIGNS.sub(r"\1", _INVISIBLE.sub("", text))))
    return _SPACE.sub(" ", compose(as_compatibility(_INVISIBLE.sub("", text))))


def _bared(text: str) -> str:
    text = clean(text).casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
    text = _NO_WORD.sub(" ", text.translate(SKELETON)).strip()
    return _RUN.sub(r"\1\1", text)


def _settled(text: str, step: Callable[[str], str]) -> str:
    """`step` until it changes nothing."""
    for _ in range(_ROUNDS):
        text, before = step(text), text
        if text == before:
            break
    return text
