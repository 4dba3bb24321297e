"""A text as its writer meant it, for a model that reads words, and how much of it was disguised. Pure.

Unlike `skeleton` this guesses by context, so that what is no disguise stays: look-alikes fold to the script that most
of their word is in, digits become letters only between letters, separators go only where they stand between most of a
word's letters. Each step takes time linear in the text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from services.classifier.texts.confusables import CYRILLIC, GREEK, INVISIBLE, LEET
from services.classifier.texts.normalise import clean

_LATIN_OF = str.maketrans({**CYRILLIC, **GREEK})
# Only letters of Russian: the others that look alike are no Russian writer's.
_RUSSIAN_OF = str.maketrans({latin: letter for letter, latin in CYRILLIC.items() if "\u0430" <= letter <= "\u044f"})
_LOOK_ALIKE = frozenset([*CYRILLIC.values(), *GREEK.values()])
_RUSSIAN, _ENGLISH = "бгджзийлпфцчшщъыьэюя", "dfgijlnqrsuvwz"  # letters that the other script has none like
_LEET = str.maketrans(LEET)

# Characters that `glances` looks for too.
LATIN, OTHERS, LEETS, MARKS = "A-Za-z", "\u0370-\u04ff", "013457@$", ".*_~^-"
_PICTURES = "\u2600-\u27bf\U0001f000-\U0001faff"
HIDDEN = f"{INVISIBLE}\u3131-\u318e\u0300-\u036f\uff41-\uff5a{_PICTURES}"

_MIXING = re.compile(f"[{LATIN}][{OTHERS}]|[{OTHERS}][{LATIN}]")
_LEETING = re.compile(f"[{LATIN}][{LEETS}]+[{LATIN}]")
# Without one of these nothing below changes anything: asked first, since most texts have none.
_MARKED_OUT, _SPACED_OUT = re.compile(rf"[{MARKS}]\w[{MARKS}]"), re.compile(r" \w \w \w ")
_HIDING = re.compile(f"[{HIDDEN}]")
_OTHER = re.compile(f"[{OTHERS}]")
_HIDDEN = re.compile(rf"(?<=\w)[{INVISIBLE}]++(?=\w)")
_THAI_BREAK = re.compile("(?<=[\u0e00-\u0e7f])\u200b(?=[\u0e00-\u0e7f])")  # between Thai words, for typesetting
_TYPED = re.compile("[ㄱ-ㅎ][ㅏ-ㅣ]")
_WIDE = re.compile("[\uff41-\uff5a]{2,}+")
_STACKED = re.compile("[\u0300-\u036f]{2,}+")  # composed, no language is left with two on a letter
_PICTURED = re.compile(rf"(?<=\w)[{_PICTURES}]++(?=\w)")
# Five and more single letters with a blank between them, four and more with a mark; Korean syllables are letters here.
_SPELLED = re.compile(r"(?<!\w)(?:(?:\w ){4,}|(?:\w[.*_~^-]){3,})\w(?!\w)")
_MARKED = re.compile(r"(?<![\w/:@.*~^-])\w{1,3}+(?:[.*_~^-]\w{1,3}+){2,}+(?![\w/:@])")
_SEPARATOR = re.compile(r"[ .*_~^-]+")
_WORD = re.compile(r"[^\W\d_]++")
_LEET_WORD = re.compile(r"(?<![\w@$.])[a-z013457@$]{4,}+(?!\.?[\w@$])", re.IGNORECASE)
_RUN = re.compile(r"(.)\1{2,}", re.DOTALL)
Step = tuple[re.Pattern[str], Callable[[str], str]]
LETTERS_PER_DIGIT = 1.5  # a leet word has more letters than digits; an order number has not


@dataclass(frozen=True, slots=True)
class Unmasked:
    """`disguised`: share of the letters that were hidden, swapped, spelled out or marked, 0 to 1."""

    text: str
    disguised: float


def unmask(text: str, cleaned: str | None = None) -> Unmasked:
    """`cleaned`: the text as `clean` gives it, where the caller has it."""
    if not _is_suspect(text):
        return Unmasked(clean(text) if cleaned is None else cleaned, 0.0)
    text = _THAI_BREAK.sub("", text)
    changed = 2 * len(_TYPED.findall(text)) + sum(map(len, _WIDE.findall(text))) + len(_HIDDEN.findall(text))
    text = clean(text)
    russian = sum(map(text.count, _RUSSIAN)) > sum(map(text.count, _ENGLISH))
    scripts: Step = (_WORD, partial(_of_one_script, russian=russian))
    for pattern, put_right in (*_STEPS, scripts, _LEET_STEP):
        text, more = _counted(pattern, put_right, text)
        changed += more
    letters = sum(map(str.isalpha, text))
    return Unmasked(clean(_RUN.sub(r"\1\1", text)), min(changed / letters, 1.0) if letters else 0.0)


def _is_suspect(text: str) -> bool:
    if _LEETING.search(text) or _MARKED_OUT.search(text) or _SPACED_OUT.search(text):
        return True
    if text.isascii():
        return False
    return _HIDING.search(text) is not None or (_OTHER.search(text) is not None and _MIXING.search(text) is not None)


def _counted(pattern: re.Pattern[str], put_right: Callable[[str], str], text: str) -> tuple[str, int]:
    """The text with each match put right, and how many characters that swapped or removed."""
    changed = 0

    def replace(found: re.Match[str]) -> str:
        nonlocal changed
        before, after = found.group(), put_right(found.group())
        changed += len(before) - (sum(map(str.__eq__, before, after)) if len(before) == len(after) else len(after))
        return after

    return pattern.sub(replace, text), changed


def _of_one_script(word: str, russian: bool) -> str:
    """In the script of its letters that look like no other's; where all could be either, in the text's."""
    if _MIXING.search(word) is None:
        return word
    folded = word.casefold()
    only_latin = sum("a" <= letter <= "z" and letter not in _LOOK_ALIKE for letter in folded)
    only_other = sum("\u0370" <= letter <= "\u04ff" and ord(letter) not in _LATIN_OF for letter in folded)
    to_russian = only_other > only_latin or (only_other == only_latin and russian)
    return folded.translate(_RUSSIAN_OF if to_russian else _LATIN_OF)


def _without_leet(word: str) -> str:
    digits = sum(map(LEET.__contains__, word))
    is_leet = _LEETING.search(word) and len(word) - digits >= LETTERS_PER_DIGIT * digits
    return word.translate(_LEET) if is_leet else word


def _joined(word: str) -> str:
    joined = _SEPARATOR.sub("", word)
    return joined if 2 * sum(map(str.isalpha, joined)) > len(joined) else word


_STEPS: tuple[Step, ...] = (
    (_STACKED, lambda _: ""),
    (_PICTURED, lambda _: ""),
    (_SPELLED, _joined),
    (_MARKED, _joined),
)
_LEET_STEP: Step = (_LEET_WORD, _without_leet)
