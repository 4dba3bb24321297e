"""From signals to a judgement: pure. A reviewer sees the components and reasons, so each number can be questioned."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.classifier.risk.components import risk_of, urgency_of
from services.classifier.risk.policy import Policy
from services.classifier.risk.reasons import MAX_MATCHES, Place, Places, reasons
from services.classifier.risk.worth import worth
from services.classifier.signals import Signals
from shared.events import Assessment
from shared.events.values import Finding, Reason, Risk

__all__ = ["Judgement", "Policy", "assessment_of", "judge", "places_of"]

KNOWN_CONTENT, SUSPECTED_PICTURE, SUSPECTED_TEXT = "known_content", "suspected_picture", "suspected_text"
REPORTED = "reported"  # while nobody said as what: notices speak of it as of `other` material
GRAVEST = ("minor_apparent",)  # of several that persons name: the one in which most is asked at once
# What a finding is taken for: by the strongest of its components; the surer kind where two are equal.
CATEGORIES = (
    (KNOWN_CONTENT, ("known_picture",)),
    (SUSPECTED_PICTURE, ("picture_model",)),
    (SUSPECTED_TEXT, ("text", "picture_text", "slang")),
)


@dataclass(frozen=True)
class Judgement:
    """`risk`: how likely it is what is looked for. `urgency`: how soon somebody must act if it is. `reported`: somebody
    asked for it, so that it is flagged whatever else is said."""

    risk: Risk
    urgency: Risk
    category: str
    reasons: tuple[Reason, ...]
    flagged: bool
    reported: bool = False


def judge(signals: Signals, policy: Policy, places: Places | None = None) -> Judgement:
    """`places`: see `places_of`; only the sentences need them."""
    risk, urgency = risk_of(signals, policy), urgency_of(signals, policy)
    category, reported = _category(signals, risk), signals.reports > 0
    return Judgement(
        risk=risk,
        urgency=urgency,
        category=category,
        reasons=reasons(signals, risk.components, urgency.components, places or {}),
        flagged=reported or risk.score >= policy.threshold(category, urgency.score),
        reported=reported,
    )


def places_of(finding: Finding) -> dict[str, Place]:
    """An address that is there twice has its first place."""
    shown = {"picture": [one.url for one in finding.pictures], "video": [one.url for one in finding.videos]}
    return {url: Place(kind, n) for kind, urls in shown.items() for n, url in reversed(list(enumerate(urls, 1)))}


def assessment_of(judgement: Judgement, signals: Signals, decided_by: Mapping[str, str]) -> Assessment:
    """What travels with the case."""
    return Assessment(
        category=judgement.category,
        risk=judgement.risk,
        urgency=judgement.urgency,
        reasons=judgement.reasons,
        matches=tuple(sorted(signals.matches, key=worth, reverse=True)[:MAX_MATCHES]),
        decided_by=dict(decided_by),
    )


def _category(signals: Signals, risk: Risk) -> str:
    """What is known counts before what a person says, and that before what a model supposes."""
    supposed = _strongest(risk)
    if not signals.reports or supposed == KNOWN_CONTENT:
        return supposed
    said = [kind for kind in GRAVEST if kind in signals.reported_as] or signals.reported_as
    return next(iter(said), supposed if _is_supposed(risk) else REPORTED)


def _is_supposed(risk: Risk) -> bool:
    return any(component in risk.components for _, components in CATEGORIES for component in components)


def _strongest(risk: Risk) -> str:
    def strength(kind: tuple[str, tuple[str, ...]]) -> float:
        return max(risk.components.get(component, 0.0) for component in kind[1])

    return max(CATEGORIES, key=strength)[0]
