"""One form of a text, however its writer disguised it. Both functions are idempotent.

`clean` keeps the meaning and can be read; `skeleton` keeps only what n-grams compare. What a language model reads is
`unmasked.unmask`.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from services.classifier.texts.confusables import ACCENTS, INVISIBLE, SIGNED_SCRIPTS, SKELETON
from services.classifier.texts.jamo import as_compatibility, compose

_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
# What `_cleaned` would change in a text that is NFKC already: nothing else than these.
_UNCLEAN = re.compile(f"[{INVISIBLE}\u1100-\u11ff\u3131-\u318e]")
_ACCENTS = re.compile(f"[{ACCENTS}]+")
_SPACE = re.compile(r"[^\S\n]+")
_NO_WORD = re.compile(rf"(?:[^\w{SIGNED_SCRIPTS}]|_)+")
_RUN = re.compile(r"(.)\1{2,}", re.DOTALL)  # three and more of a letter are emphasis; two may be spelling
# Normalising takes time with the square of a run of combining marks; no writing system stacks more than 30 (Unicode
# Standard Annex 15, 13, "stream-safe"). U+FF9E and U+FF9F are letters that become such marks.
_SIGNS = re.compile(r"((?:[^\w\s]|[\uff9e\uff9f]){30})(?:[^\w\s]|[\uff9e\uff9f])+")
# Letters of which no step changes any, once one step is done: nearly all that is written in the seven languages.
_STILL = re.compile("[a-z0-9 \u0430-\u044f\u0e00-\u0e7f\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff\uac00-\ud7a3]*")
_ROUNDS = 8  # each round but the last shortens the text or joins letters; real texts settle in one or two


@dataclass(frozen=True, slots=True)
class Forms:
    """A text in both forms: whoever reads it several times makes them once."""

    clean: str
    skeleton: str


def forms(text: str) -> Forms:
    cleaned = clean(text)
    bare = _bare(cleaned)
    return Forms(cleaned, bare if _STILL.fullmatch(bare) else skeleton(bare))


def clean(text: str) -> str:
    """Compatibility forms resolved, invisible characters gone, typed jamo joined, runs of blanks one; lines stay."""
    if text.isascii() or _UNCLEAN.search(text) is None:
        text = _SIGNS.sub(r"\1", text)
        if unicodedata.is_normalized("NFKC", text):
            return _SPACE.sub(" ", text)
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
    return _bare(clean(text))


def _bare(text: str) -> str:
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
    text = _NO_WORD.sub(" ", text.translate(SKELETON)).strip()
    return _RUN.sub(r"\1\1", text)


def _settled(text: str, step: Callable[[str], str]) -> str:
    """`step` until it changes nothing."""
    for _ in range(_ROUNDS):
        text, before = step(text), text
        if text == before or _STILL.fullmatch(text):
            break
    return text
