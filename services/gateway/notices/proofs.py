"""The text of a notice cut into pieces, so that a page can show which words satisfy which demand, and which of them no
template may change. Pure.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.events.values import Notice, Requirement

MAX_LOCKED = 1_000  # marked places of a notice: addresses and digests of two hundred pictures; the rest stays unmarked
# What the drafter locks has a form of its own: addresses, digests, our reference, times and dates. The article is of no
# form: it is among the fields of a notice that has any, and satisfies a demand in the others.
LOCKED = re.compile(
    r"https?://\S+|\b[0-9a-f]{64}\b|\bHT-[A-Z2-7]{8}\b|\b\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2}:\d{2} UTC)?\b", re.ASCII
)
Span = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """`proves`: the numbers (from 0) of the requirements that these words satisfy; `begins`: of those, the ones whose
    words begin here. `locked`: an address, digest, date, article or reference."""

    text: str
    proves: tuple[int, ...] = ()
    begins: tuple[int, ...] = ()
    locked: bool = False


def pieces(notice: Notice) -> list[Piece]:
    """The body, in order; joined they are the body."""
    return cut(notice.body, notice.requirements, notice.fields.get("citation", ""))


def korean_pieces(notice: Notice) -> list[Piece]:
    """The reading in Korean. The demands are met in the notice itself, so that only what is locked is marked."""
    return cut(notice.korean)


def cut(text: str, requirements: Sequence[Requirement] = (), citation: str = "") -> list[Piece]:
    proving = [(place(text, one.satisfied_by), number) for number, one in enumerate(requirements)]
    proofs = [(span, number) for span, number in proving if span]
    fixed = merged([match.span() for match in LOCKED.finditer(text)][:MAX_LOCKED] + _listed(place(text, citation)))
    edges = sorted({0, len(text), *(edge for span, _ in proofs for edge in span), *(e for span in fixed for e in span)})
    made, at = [], 0
    for start, end in pairwise(edges):
        while at < len(fixed) and fixed[at][1] <= start:
            at += 1
        here = [(span, number) for span, number in proofs if span[0] <= start and end <= span[1]]
        begins = tuple(number for span, number in here if span[0] == start)
        locked = at < len(fixed) and fixed[at][0] <= start
        made.append(Piece(text[start:end], tuple(number for _, number in here), begins, locked))
    return made


def place(text: str, words: str) -> Span | None:
    """Where the words stand first."""
    words = words.strip()
    start = text.find(words) if words else -1
    return (start, start + len(words)) if start >= 0 else None


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same places without overlaps, in order."""
    whole: list[Span] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole


def _listed(span: Span | None) -> list[Span]:
    return [span] if span else []
