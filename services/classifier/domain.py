"""From evidence to risk: pure. A reviewer sees the components and reasons, so each number here can be questioned."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.events import Assessment
from shared.events.values import Finding, Match, Reason, Risk

KNOWN_CONTENT, SUSPECTED_TEXT = "known_content", "suspected_text"

SAME_FILE = 1.0  # equal SHA-256: there is nothing to be mistaken about but the list itself
# Differing bits of PDQ and what they are worth, straight lines between. Up to 31 is PDQ's usual setting for a match; up
# to 50 recompression and crops between two listed ones, worth a review first; from about 55 agreement alone no longer
# suffices, but a second sign beside it does; at 90 unrelated pictures begin to agree.
WORTH = ((0, 0.99), (31, 0.90), (50, 0.60), (60, 0.40), (90, 0.0))
WORTH_SAYING = 0.2  # a text score below says nothing a reviewer should weigh
MAX_MATCHES = 50  # that travel with a case: beyond the first few nobody reads them, and a record has a limit


@dataclass(frozen=True)
class Policy:
    flag_from: float = 0.5  # as likely as not: a person looks at all that is flagged


def assess(finding: Finding, matches: Sequence[Match], text_score: float, policy: Policy) -> Assessment | None:
    """The assessment of a finding that should be reviewed, None for one that should not.

    Picture and text count as independent signs: the risk is the probability that not both are mistaken.
    """
    nearest = sorted(matches, key=worth, reverse=True)
    known = worth(nearest[0]) if nearest else 0.0
    score = 1 - (1 - known) * (1 - text_score)
    if score < policy.flag_from:
        return None
    return Assessment(
        category=KNOWN_CONTENT if known >= text_score else SUSPECTED_TEXT,
        risk=Risk(score=score, components={"known_picture": known, "text": text_score}),
        reasons=(*_known_reasons(finding, nearest), *_text_reasons(text_score)),
        matches=tuple(nearest[:MAX_MATCHES]),
    )


def worth(match: Match) -> float:
    """How sure a match makes that the picture is the listed one, 0 to 1."""
    if match.algorithm == "sha256":
        return SAME_FILE
    for (near, more), (far, less) in pairwise(WORTH):
        if match.distance <= far:
            return more + (less - more) * (match.distance - near) / (far - near)
    return 0.0


def _known_reasons(finding: Finding, nearest: Sequence[Match]) -> list[Reason]:
    numbers = {picture.url: number for number, picture in reversed(list(enumerate(finding.pictures, 1)))}
    reasons = [
        Reason(code="known-picture", text=_sentence(numbers.get(match.picture_url), match), weight=worth(match))
        for match in nearest[:MAX_MATCHES]
    ]
    if (more := len(nearest) - MAX_MATCHES) > 0:
        reasons.append(Reason(code="known-picture", text=f"{more} further agreements are weaker.", weight=0.0))
    return reasons


def _sentence(number: int | None, match: Match) -> str:
    how = (
        "the file is the same, byte for byte"
        if match.algorithm == "sha256"
        else f"{match.distance} of 256 bits differ" + (f" ({match.variant})" if match.variant != "original" else "")
    )
    which = f"Picture {number}" if number else "A picture"
    return f"{which} agrees with bank '{match.bank}', entry '{match.entry}': {how}."


def _text_reasons(score: float) -> list[Reason]:
    if score < WORTH_SAYING:
        return []
    return [Reason(code="text-model", text=f"The text model rates the page's text {score:.2f} of 1.", weight=score)]
