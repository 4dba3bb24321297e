"""Finds a lexicon's terms in a text, in time linear in it (Aho and Corasick 1975). Pure."""

import re
from collections.abc import Iterator, Sequence

import ahocorasick

from services.classifier.signals import SlangHit
from services.classifier.texts.lexicon.terms import Term
from services.classifier.texts.normalise import skeleton
from services.classifier.texts.unmasked import Unmasked

# Scripts without blanks between words, and Korean, whose words take endings: there a term may begin or end anywhere.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_NEEDS_BEGIN = re.compile(f"[^{_UNSPACED}]")
_NEEDS_END = re.compile(f"[^{_UNSPACED}\u3131-\u318e\uac00-\ud7a3]")
SELF_EVIDENT = 10  # letters: a term so long is no accident inside of other letters, so blanks may be missing around it
# Letters between blanks, on average, in a word that was spaced out: "la n te rn". Ordinary words that happen to make
# up a term when they are pushed together are longer.
SPACED_OUT = 2.5


class Lexicon:
    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = tuple(terms)
        by_letters: dict[str, list[Term]] = {}
        for term in terms:
            by_letters.setdefault(term.key.replace(" ", ""), []).append(term)
        self._automaton = ahocorasick.Automaton()
        for letters, same in by_letters.items():
            self._automaton.add_word(letters, (len(letters), same))
        if by_letters:
            self._automaton.make_automaton()

    def __len__(self) -> int:
        return len(self._terms)

    def hits(self, bare: str, unmasked: Unmasked) -> tuple[SlangHit, ...]:
        """Terms of the text, given as skeleton and unmasked, in the order of the lexicon; each counts once."""
        if not self._terms:
            return ()
        found = set(self._found(bare))
        if unmasked.disguised:
            found |= set(self._found(skeleton(unmasked.text)))
        return tuple(
            SlangHit(term=term.id, category=term.category, weight=term.weight)
            for term in self._terms
            if term.id in found
        )

    def _found(self, bare: str) -> Iterator[str]:
        letters = bare.replace(" ", "")
        places: list[int] = []
        done: set[str] = set()
        for last, (length, terms) in self._automaton.iter(letters):
            places = places or [place for place, letter in enumerate(bare) if letter != " "]
            start, end = places[last - length + 1], places[last] + 1
            for term in terms:
                if term.id not in done and _stands(term, bare, start, end):
                    done.add(term.id)
                    yield term.id


def _stands(term: Term, bare: str, start: int, end: int) -> bool:
    """Whether these letters are the term and not parts of other words."""
    written, key = bare[start:end], term.key
    letters = key.replace(" ", "")
    if written != key and len(letters) > SPACED_OUT * (written.count(" ") + 1) and written != letters:
        return False
    if len(letters) >= SELF_EVIDENT:
        return True
    begins = start == 0 or bare[start - 1] == " " or not _NEEDS_BEGIN.match(key)
    ends = term.open or end == len(bare) or bare[end] == " " or not _NEEDS_END.match(key[-1])
    return begins and ends
