"""Korean letters: syllables put together again from the compatibility jamo that people type one by one.

Unicode 3.12: syllable = U+AC00 + (lead * 21 + vowel) * 28 + tail.
"""

import re

LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
TAILS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
FIRST, LAST = 0xAC00, 0xD7A3

# A syllable's letters, the tail only when no vowel follows it: it would be the next syllable's lead.
_SYLLABLE = re.compile(f"([{LEADS}])([{VOWELS}])([{TAILS}](?![{VOWELS}]))?")
_ANY = re.compile(f"[{LEADS}{VOWELS}{TAILS}]")
_CONJOINING = {
    **{0x1100 + place: letter for place, letter in enumerate(LEADS)},
    **{0x1161 + place: letter for place, letter in enumerate(VOWELS)},
    **{0x11A8 + place: letter for place, letter in enumerate(TAILS)},
}


def compose(text: str) -> str:
    """Runs of jamo as syllables; lone ones (as in ㅋㅋ, ㅠㅠ) stay."""
    return _SYLLABLE.sub(_syllable, text) if _ANY.search(text) else text


def _syllable(found: re.Match[str]) -> str:
    lead, vowel, tail = found.groups()
    place = (LEADS.index(lead) * len(VOWELS) + VOWELS.index(vowel)) * (len(TAILS) + 1)
    return chr(FIRST + place + (TAILS.index(tail) + 1 if tail else 0))


def decompose(text: str) -> str:
    """Syllables as compatibility jamo, as if typed letter by letter."""
    return "".join(_letters(character) if FIRST <= ord(character) <= LAST else character for character in text)


def _letters(syllable: str) -> str:
    rest, tail = divmod(ord(syllable) - FIRST, len(TAILS) + 1)
    lead, vowel = divmod(rest, len(VOWELS))
    return LEADS[lead] + VOWELS[vowel] + (TAILS[tail - 1] if tail else "")


def as_compatibility(text: str) -> str:
    """Conjoining jamo that NFKC left alone, as the compatibility jamo that it made them from."""
    return text.translate(_CONJOINING)
