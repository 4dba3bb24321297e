"""How much two texts have in common, in parts of a thousand (pure)."""

import re

WORD = re.compile(  # of scripts that write no blanks, each character
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"
)
IN_A_ROW = 3  # words of a shingle: one is in every text, five say that a single changed word is a changed sentence
MAX_WORDS = 100_000  # of each: 30 ms


def words(text: str) -> list[str]:
    return [match[0].casefold() for match, _ in zip(WORD.finditer(text), range(MAX_WORDS), strict=False)]


def shared_per_mille(one: list[str], other: list[str]) -> int | None:
    """Of all shingles of both, those of both (Broder 1997: resemblance). None when either has no words."""
    if not one or not other:
        return None
    here, there = shingles(one), shingles(other)
    return 1000 * len(here & there) // len(here | there)


def shingles(words: list[str]) -> set[tuple[str, ...]]:
    if len(words) < IN_A_ROW:
        return {tuple(words)}
    return set(zip(*(words[at:] for at in range(IN_A_ROW)), strict=False))
