"""Which changes of a notice may change what it demands, though each word that must stay is there: a figure, in digits
or spelled out, and a paragraph in which those words stand ("it is not so that ..."). Pure.

No list of words finds every denial in nine languages. So nothing is refused here: who edits confirms each such passage,
and the history says that it was confirmed. A contradiction in a paragraph of its own is found by who reads the change.
"""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from services.gateway.notices.editing import proving
from services.gateway.notices.proofs import LOCKED
from shared.events.values import Notice

NUMBER_WORDS = Path(__file__).parent / "numbers.toml"
LONGEST = 12  # signs of a number in words: 九千九百九十九万九千 has ten; bounds what is tried at each place
PARAGRAPH = re.compile(r"\n[ \t]*\n")


class Passage(NamedTuple):
    """What has to be confirmed. `kind`: figure (`words` came in or went) or demand (a paragraph that holds one)."""

    kind: str
    words: str


def to_confirm(draft: Notice, made: Notice) -> list[Passage]:
    """What of the edited notice may demand something else than the draft; empty when nothing may."""
    found = []
    for before, after in ((draft.subject, made.subject), (draft.body, made.body)):
        if before != after:
            found += [Passage("figure", words) for words in figures_changed(before, after)]
            found += [Passage("demand", words) for words in demands_changed(draft, before, after)]
    return found


def figures_changed(before: str, after: str) -> list[str]:
    """Those that came in or went, once each; else the first that stands elsewhere than it did."""
    old, new = list(figures(before)), list(figures(after))
    changed = (Counter(old) - Counter(new)) | (Counter(new) - Counter(old))
    moved = next((one for one, other in zip_longest(new, old) if one and one != other), None)
    return list(changed) or ([moved] if moved else [])


def figures(text: str) -> Iterator[str]:
    """In order. Each part of a number in words counts alone: "twenty-four" is two."""
    return (match.group() for match in FIGURES.finditer(plain(text)))


def demands_changed(draft: Notice, before: str, after: str) -> list[str]:
    """The paragraphs of the draft that hold a demand of the law, its article, an address, a date or the reference, and
    that the edited text has not as they were."""
    demanded = [re.compile(re.escape(words)) for words in proving(draft, before)]
    places = [match.span() for pattern in (LOCKED, *demanded) for match in pattern.finditer(before)]
    kept, changed, start = Counter(paragraphs(after)), [], 0
    for raw in PARAGRAPH.split(before):
        start = before.index(raw, start)
        end, words = start + len(raw), joined(raw)
        if kept[words]:
            kept[words] -= 1
        elif any(first < end and start < last for first, last in places):
            changed.append(words)
        start = end
    return changed


def paragraphs(text: str) -> list[str]:
    return [joined(one) for one in PARAGRAPH.split(text)]


def joined(text: str) -> str:
    """However its lines are broken."""
    return " ".join(text.split())


def plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _pattern(languages: dict[str, dict[str, list[str]]]) -> re.Pattern[str]:
    ways = [r"\d+"]
    for one in languages.values():
        words = "|".join(re.escape(plain(word)).replace(r"\*", r"\w{0,20}") for word in one.get("words", ()))
        ways += [rf"\b(?:{words})\b"] if words else []
        signs, units = (_longest_first(one.get(name, [])) for name in ("signs", "units"))
        ways += [rf"(?:(?:{signs})\s?){{1,{LONGEST}}}(?:{units})"] if signs else []
    return re.compile("|".join(ways))


def _longest_first(words: list[str]) -> str:
    return "|".join(re.escape(plain(word)) for word in sorted(words, key=len, reverse=True))


FIGURES = _pattern(tomllib.loads(NUMBER_WORDS.read_text(encoding="utf-8")))
