"""Is the content gone? (pure) Whoever was asked to remove something may only hide it: a claim is no proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.events.values import MIN_PDQ_QUALITY, Finding, Picture, Probe, ProbeOutcome, Video
from shared.pages.text_share import SHARE, text_share
from shared.pages.walls import Wall, Walled
from shared.prints.pdq import distance

REMOVED = frozenset({404, 410, 451})
SMALLEST_SIDE = 160  # pixels, as of what is flagged
SAME_PICTURE_BITS = 31  # PDQ's usual setting: below it two pictures are copies of each other
LEAST_FAVOURABLE = (
    ProbeOutcome.PRESENT,
    ProbeOutcome.SOFT_404,
    ProbeOutcome.REPLACED,
    ProbeOutcome.WALLED,
    ProbeOutcome.UNREACHABLE,
    ProbeOutcome.GONE,
)


@dataclass(frozen=True)
class Answer:
    """What one request of a check brought. `status` is None when nothing came, `error` says why.

    `text`: what a visitor reads; `shown`: addresses of the page's pictures; `pictures`: those of them that were
    looked at; `says_something`: the page has content of its own. `picture`: the answer itself, when one was asked for
    and sent. `inside`: addresses that the page shows or leads on to by itself; `cut`: it is longer than was read;
    `is_file`: it is no page but a picture, a film or the like. The rest proves it: see `Probe`.
    """

    url: str
    vantage: str
    status: int | None
    error: str = ""
    text: str = ""
    shown: frozenset[str] = frozenset()
    pictures: tuple[Picture, ...] = ()
    says_something: bool = False
    wall: Walled | None = None
    picture: Picture | None = None
    inside: tuple[str, ...] = ()
    cut: bool = False
    is_file: bool = False
    method: str = "http"
    seen_at: datetime | None = None
    address: str = ""
    exit: str = ""
    sha256: str | None = None


def judge_page(answer: Answer, finding: Finding) -> Probe:
    if answer.status is not None and (carried := _carries(answer, finding)):
        return _probe(answer, ProbeOutcome.PRESENT, f"status {answer.status}, and {carried}")
    if unclear := _unclear(answer):
        return unclear
    if answer.is_file:
        return _probe(answer, ProbeOutcome.REPLACED, f"status {answer.status} with a file that is not known")
    if answer.status in REMOVED and answer.cut:
        return _probe(answer, ProbeOutcome.SOFT_404, f"status {answer.status}, and more below it than is read")
    if answer.status in REMOVED:
        return _probe(answer, ProbeOutcome.GONE, f"status {answer.status}, and nothing of the content")
    if answer.says_something and not answer.wall:
        return _probe(answer, ProbeOutcome.REPLACED, f"status {answer.status}, and something else is there")
    return _probe(answer, ProbeOutcome.SOFT_404, f"status {answer.status} without the content: says it is there")


def judge_picture(answer: Answer, wanted: Picture) -> Probe:
    if unclear := _unclear(answer):
        return unclear
    if answer.picture is not None and (same := same_picture(answer.picture, wanted)):
        return _probe(answer, ProbeOutcome.PRESENT, f"status {answer.status}, and {same}")
    if answer.status in REMOVED and not _may_be_part(answer):
        return _probe(answer, ProbeOutcome.GONE, f"status {answer.status}")
    if answer.picture is not None and answer.picture.width:
        return _probe(answer, ProbeOutcome.REPLACED, f"status {answer.status} with another picture")
    return _probe(answer, ProbeOutcome.SOFT_404, f"status {answer.status} with something else in its place")


def judge_video(answer: Answer, wanted: Video) -> Probe:
    """By the file alone: it is not watched again."""
    if unclear := _unclear(answer):
        return unclear
    if answer.sha256 == wanted.sha256:
        return _probe(answer, ProbeOutcome.PRESENT, f"status {answer.status}, and it is the same file")
    if answer.status in REMOVED and not answer.is_file:
        return _probe(answer, ProbeOutcome.GONE, f"status {answer.status}")
    return _probe(answer, ProbeOutcome.REPLACED, f"status {answer.status} with another file")


def compared(probes: Sequence[Probe]) -> tuple[Probe, ...]:
    """Probes of one address against each other: gone for one visitor and there for another is a pretence."""
    outcomes: dict[str, set[ProbeOutcome]] = {}
    for probe in probes:
        outcomes.setdefault(probe.url, set()).add(probe.outcome)
    pretended = {url for url, seen in outcomes.items() if {ProbeOutcome.GONE, ProbeOutcome.PRESENT} <= seen}
    return tuple(_pretence(probe) if probe.url in pretended else probe for probe in probes)


def least_favourable(probes: Sequence[Probe]) -> ProbeOutcome:
    seen = {probe.outcome for probe in probes}
    return next((outcome for outcome in LEAST_FAVOURABLE if outcome in seen), ProbeOutcome.UNREACHABLE)


def _may_be_part(answer: Answer) -> bool:
    """Browsers show what comes with a status of removal, too: it may be a crop, which no hash tells, or a picture of a
    kind that we cannot read. A sign that says "removed" is small or flat."""
    got = answer.picture
    if got is None or not got.width:
        return answer.is_file
    return min(got.width, got.height or 0) >= SMALLEST_SIDE and (got.pdq_quality or 0) >= MIN_PDQ_QUALITY


def same_picture(got: Picture, wanted: Picture) -> str | None:
    if got.sha256 == wanted.sha256:
        return "it is the same file"
    if min(wanted.pdq_quality or 0, got.pdq_quality or 0) >= MIN_PDQ_QUALITY:
        bits = min(distance(wanted.pdq_dihedral[0], turned) for turned in got.pdq_dihedral)
        if bits <= SAME_PICTURE_BITS:
            return f"it is the same picture ({bits} bits differ)"
    return None


def _unclear(answer: Answer) -> Probe | None:
    """Where nothing can be said: no answer, a wall, refused, the server is broken."""
    if answer.status is None:
        return _probe(answer, ProbeOutcome.UNREACHABLE, answer.error or "no answer")
    if answer.wall and answer.wall.wall is not Wall.SOFT_404:
        return _probe(answer, ProbeOutcome.WALLED, str(answer.wall))
    if answer.status in REMOVED or 200 <= answer.status < 400:
        return None
    return _probe(answer, ProbeOutcome.UNREACHABLE, f"status {answer.status}")


def _carries(answer: Answer, finding: Finding) -> str | None:
    """What of the content is in the page: one of its pictures, wherever it is now, or a good part of its text."""
    if answer.shown & {picture.url for picture in finding.pictures}:
        return "it shows a picture of the finding"
    for picture in answer.pictures:
        if any(same_picture(picture, wanted) for wanted in finding.pictures):
            return f"it shows a picture of the finding at {picture.url[:300]}"
    share = text_share(finding.excerpt, answer.text)
    return f"it has {share:.0%} of the text" if share >= SHARE else None


def _pretence(probe: Probe) -> Probe:
    if probe.outcome not in (ProbeOutcome.GONE, ProbeOutcome.PRESENT):
        return probe
    why = f"{probe.why}; but another visitor is answered differently"
    return probe.model_copy(update={"outcome": ProbeOutcome.SOFT_404, "why": why, "by_itself": probe.outcome})


def _probe(answer: Answer, outcome: ProbeOutcome, why: str) -> Probe:
    return Probe(
        url=answer.url,
        vantage=answer.vantage,
        status=answer.status,
        outcome=outcome,
        why=why,
        method=answer.method,
        seen_at=answer.seen_at,
        address=answer.address,
        exit=answer.exit,
        sha256=answer.sha256,
    )
