"""Is the content gone? (pure) Whoever was asked to remove something may only hide it: a claim is no proof."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from services.crawler.hashing import distance
from services.crawler.weight import weight
from shared.events.values import MIN_PDQ_QUALITY, Finding, Picture, Probe, ProbeOutcome

REMOVED = frozenset({404, 410, 451})
SAME_PICTURE_BITS = 31  # PDQ's usual setting: below it two pictures are copies of each other
# The excerpt is cut into pieces; content is there when this share of them is. A page's frame ("replies", "by") is part
# of the excerpt and stays on a tombstone, so a single piece proves nothing.
PIECE, SHARE = 16, 0.25
MIN_TEXT = 8  # characters; a shorter excerpt proves nothing either way
LEAST_FAVOURABLE = (ProbeOutcome.PRESENT, ProbeOutcome.SOFT_404, ProbeOutcome.UNREACHABLE, ProbeOutcome.GONE)
CAPTCHA = re.compile(r"captcha|cf-chl|challenge-platform|are you (?:a )?(?:human|robot)", re.IGNORECASE)
NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Answer:
    """What one request of a check brought. `status` is None when nothing came, `error` says why.

    `text`: what a visitor reads, `source` the page as sent; `shown`: addresses of its pictures; `picture`: the answer
    itself, when a picture was asked for and sent.
    """

    url: str
    vantage: str
    status: int | None
    error: str = ""
    text: str = ""
    source: str = ""
    shown: frozenset[str] = frozenset()
    picture: Picture | None = None


def judge_page(answer: Answer, finding: Finding) -> Probe:
    if unclear := _unclear(answer):
        return _probe(answer, ProbeOutcome.UNREACHABLE, unclear)
    if carried := _carries(answer, finding):
        return _probe(answer, ProbeOutcome.PRESENT, f"status {answer.status}, and {carried}")
    if answer.status in REMOVED:
        return _probe(answer, ProbeOutcome.GONE, f"status {answer.status}, and nothing of the content")
    if CAPTCHA.search(answer.source):
        return _probe(answer, ProbeOutcome.UNREACHABLE, "asks whether we are a person")
    return _probe(answer, ProbeOutcome.SOFT_404, f"status {answer.status} without the content: says it is there")


def judge_picture(answer: Answer, wanted: Picture) -> Probe:
    if unclear := _unclear(answer):
        return _probe(answer, ProbeOutcome.UNREACHABLE, unclear)
    if answer.picture is not None and (same := _same(answer.picture, wanted)):
        return _probe(answer, ProbeOutcome.PRESENT, f"status {answer.status}, and {same}")
    if answer.status in REMOVED:
        return _probe(answer, ProbeOutcome.GONE, f"status {answer.status}")
    return _probe(answer, ProbeOutcome.SOFT_404, f"status {answer.status} with something else in its place")


def compared(probes: Sequence[Probe]) -> tuple[Probe, ...]:
    """Probes of one address against each other: gone for one visitor and there for another is a pretence."""
    outcomes: dict[str, set[ProbeOutcome]] = {}
    for probe in probes:
        outcomes.setdefault(probe.url, set()).add(probe.outcome)
    pretended = {url for url, seen in outcomes.items() if {ProbeOutcome.GONE, ProbeOutcome.PRESENT} <= seen}
    return tuple(_pretence(probe) if probe.url in pretended else probe for probe in probes)


def _pretence(probe: Probe) -> Probe:
    if probe.outcome not in (ProbeOutcome.GONE, ProbeOutcome.PRESENT):
        return probe
    why = f"{probe.why}; but another visitor is answered differently"
    return probe.model_copy(update={"outcome": ProbeOutcome.SOFT_404, "why": why})


def least_favourable(probes: Sequence[Probe]) -> ProbeOutcome:
    seen = {probe.outcome for probe in probes}
    return next((outcome for outcome in LEAST_FAVOURABLE if outcome in seen), ProbeOutcome.UNREACHABLE)


def _unclear(answer: Answer) -> str | None:
    """Why nothing can be said, if so: no answer, refused, too many requests, the server is broken."""
    if answer.status is None:
        return answer.error or "no answer"
    if answer.status in REMOVED or 200 <= answer.status < 400:
        return None
    return f"status {answer.status}"


def _carries(answer: Answer, finding: Finding) -> str | None:
    """What of the content is in the page: a reference to one of its pictures, or a good part of its text."""
    if answer.shown & {picture.url for picture in finding.pictures}:
        return "it shows a picture of the finding"
    share = text_share(finding.excerpt, answer.text)
    return f"it has {share:.0%} of the text" if share >= SHARE else None


def text_share(excerpt: str, text: str) -> float:
    """Which part of the excerpt's pieces is in the text, 0 … 1."""
    wanted, there = _bare(excerpt), _bare(text)
    if len(wanted) < MIN_TEXT:
        return 0.0
    # Writing systems that say more with a letter need shorter pieces to say the same.
    piece = max(MIN_TEXT, round(PIECE * len(wanted) / weight(wanted)))
    pieces = [wanted[at : at + piece] for at in range(0, max(1, len(wanted) - piece + 1), piece)]
    return sum(part in there for part in pieces) / len(pieces)


def _bare(text: str) -> str:
    """Letters and digits only: neither markup nor spelling of blanks, signs and accents matters. Signs go first too:
    normalising a long run of combining ones takes time with its square."""
    decomposed = unicodedata.normalize("NFKD", NOT_WORD.sub("", text))
    return unicodedata.normalize("NFC", NOT_WORD.sub("", decomposed)).casefold()


def _same(got: Picture, wanted: Picture) -> str | None:
    if got.sha256 == wanted.sha256:
        return "it is the same file"
    if min(wanted.pdq_quality or 0, got.pdq_quality or 0) >= MIN_PDQ_QUALITY:
        bits = min(distance(wanted.pdq_dihedral[0], turned) for turned in got.pdq_dihedral)
        if bits <= SAME_PICTURE_BITS:
            return f"it is the same picture ({bits} bits differ)"
    return None


def _probe(answer: Answer, outcome: ProbeOutcome, why: str) -> Probe:
    return Probe(url=answer.url, vantage=answer.vantage, status=answer.status, outcome=outcome, why=why)
