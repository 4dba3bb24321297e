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
# What a finding is taken for: by the strongest of its components; the surer kind where two are equal.
CATEGORIES = (
    (KNOWN_CONTENT, ("known_picture",)),
    (SUSPECTED_PICTURE, ("picture_model",)),
    (SUSPECTED_TEXT, ("text", "picture_text", "slang")),
)


@dataclass(frozen=True)
class Judgement:
    """`risk`: how likely it is what is looked for. `urgency`: how soon somebody must act if it is."""

    risk: Risk
    urgency: Risk
    category: str
    reasons: tuple[Reason, ...]
    flagged: bool


def judge(signals: Signals, policy: Policy, places: Places | None = None) -> Judgement:
    """`places`: see `places_of`; only the sentences need them."""
    risk, urgency = risk_of(signals, policy), urgency_of(signals, policy)
    category = _category(risk)
    return Judgement(
        risk=risk,
        urgency=urgency,
        category=category,
        reasons=reasons(signals, risk.components, urgency.components, places or {}),
        flagged=risk.score >= policy.threshold(category, urgency.score),
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


def _category(risk: Risk) -> str:
    def strength(kind: tuple[str, tuple[str, ...]]) -> float:
        return max(risk.components.get(component, 0.0) for component in kind[1])

    return max(CATEGORIES, key=strength)[0]
