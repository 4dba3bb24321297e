"""How much a text says (pure): letters of writing systems differ, so they are weighed."""

import re

# A character of Chinese, Japanese or Korean says as much as 2.7 of others: 15 of them are a sentence of 40.
CJK = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
CJK_WEIGHT = 40 / 15
NO_LETTERS = re.compile(r"[\W\d_]+")


def weight(text: str) -> float:
    """In characters of an alphabet; blanks count as one."""
    plain = " ".join(text.split())
    return len(plain) if plain.isascii() else len(plain) + (CJK_WEIGHT - 1) * len(CJK.findall(plain))


def weighs(text: str, least: int) -> bool:
    """`weight(text) >= least`, mostly from its beginning."""
    return len(" ".join(text[: 2 * least].split())) >= least or weight(text) >= least


def letters(text: str) -> float:
    """The same, of letters only: numbers, dates and signs say nothing."""
    return weight(NO_LETTERS.sub("", text))


def has_letters(text: str, fewest: int) -> bool:
    """`letters(text) >= fewest`, mostly without counting: a listing asks this for each of its rows."""
    if len(text) < fewest and text.isascii():
        return False
    words = text[: 2 * fewest].replace(" ", "")
    if len(words) >= fewest and words.isalpha():
        return True
    return sum(map(str.isalpha, text[: 3 * fewest])) >= fewest or letters(text) >= fewest
