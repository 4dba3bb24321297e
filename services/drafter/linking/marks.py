"""What a case can be linked by: its pictures, the bank entries that it agrees with, the traces of its site (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.drafter.contacts.mailboxes import domain_of
from shared.events import EvidenceSealed, Trace
from shared.events.values import MIN_PDQ_QUALITY, Picture

SMALLEST_SIDE = 160  # pixels, as the classifier's: a smaller picture is on every board
MOST_PICTURES, MOST_ENTRIES = 12, 24

HASH, ENTRY = "hash", "entry"
# A counter's account is one operator's; an icon and a template together are hardly ever two sites' by chance. Where a
# site is hosted says something only as a whole and beside one of these: a hoster gives many the same address, and a
# board is sold with its template.
OWN, FRAME, HOSTING = "analytics", frozenset({"favicon", "template"}), frozenset({"ip", "nameserver"})


@dataclass(frozen=True)
class Marks:
    """`digests`: SHA-256 of pictures; `pdqs`: hexadecimal; `entries`: `bank/entry`. `domain`: the registered one."""

    digests: tuple[str, ...]
    pdqs: tuple[str, ...]
    entries: tuple[str, ...]
    domain: str
    traces: tuple[Trace, ...]


def marks_of(event: EvidenceSealed) -> Marks:
    pictures = [picture for picture in event.finding.pictures if _tells(picture)][:MOST_PICTURES]
    entries = dict.fromkeys(f"{match.bank}/{match.entry}" for match in event.assessment.matches)
    return Marks(
        digests=tuple(dict.fromkeys(picture.sha256 for picture in pictures)),
        pdqs=tuple(dict.fromkeys(picture.pdq_dihedral[0] for picture in pictures if _rich(picture))),
        entries=tuple(entries)[:MOST_ENTRIES],
        domain=domain_of(event.finding.site.host),
        traces=event.surroundings.traces if event.surroundings else (),
    )


def one_operator(kinds: Iterable[str]) -> bool:
    """Whether sites that share traces of these kinds seem to be one's."""
    shared = frozenset(kinds)
    return OWN in shared or shared >= FRAME or bool(shared & FRAME and shared >= HOSTING)


def _tells(picture: Picture) -> bool:
    return min(picture.width or 0, picture.height or 0) >= SMALLEST_SIDE


def _rich(picture: Picture) -> bool:
    return bool(picture.pdq_dihedral) and (picture.pdq_quality or 0) >= MIN_PDQ_QUALITY
