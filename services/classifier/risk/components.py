"""From signals to the named parts of risk and urgency. Pure; every part is 0 to 1 before the policy weighs it.

Parts are combined as independent witnesses: the whole is the probability that not all of them are mistaken.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from services.classifier.risk.policy import Policy
from services.classifier.risk.worth import worth
from services.classifier.signals import Signals
from shared.events.values import Match, Risk
from shared.prints.confirm import SECOND

DAY_H = 24.0
NEW_UNTIL_H, OLD_FROM_H = DAY_H, 7 * DAY_H  # within a day every hour counts; after a week the copies are made
# Hosts that show it at which spread counts in full; on a logarithmic scale, because each doubling is a step.
WIDE_SPREAD = 16
# Kinds of personal data by which a person can be found at once; others (a handle, an e-mail) need a further step.
FINDING_KINDS = frozenset({"phone", "address", "school", "id_number", "name"})
FINDING_KIND, OTHER_KIND = 0.6, 0.3
DIGITS = 4  # more are noise, and make the same judgement look different
VICTIM_REPORT = "victim_report"


def combined(parts: Iterable[float]) -> float:
    """1 - ∏(1 - part)."""
    return 1.0 - math.prod(1.0 - part for part in parts)


def risk_of(signals: Signals, policy: Policy) -> Risk:
    pictures = best_by_picture(signals.matches)
    parts = {
        "known_picture": worth(pictures[0]) if pictures else 0.0,
        "second_sign": _second_sign(signals.matches, pictures[0]) if pictures else 0.0,
        "further_picture": worth(pictures[1]) if len(pictures) > 1 else 0.0,
        "picture_model": max((score for seen in signals.looked_at for score in seen.categories.values()), default=0.0),
        "text": signals.text.score,
        "picture_text": max((seen.text.score for seen in signals.looked_at if seen.text), default=0.0),
        "reported": float(signals.reports > 0),
        "slang": combined(hit.weight for hit in signals.text.slang),
    }
    return _weighed({name: part * policy.weight(name) for name, part in parts.items()})


def urgency_of(signals: Signals, policy: Policy) -> Risk:
    parts = {
        "victim_report": float(signals.reports > 0 or any(match.source == VICTIM_REPORT for match in signals.matches)),
        "personal_data": combined(
            FINDING_KIND if kind in FINDING_KINDS else OTHER_KIND for kind in personal_kinds(signals)
        ),
        "minor": max((seen.minor for seen in signals.looked_at if seen.minor is not None), default=0.0),
        "spread": min(1.0, math.log(max(signals.seen_on, 1), WIDE_SPREAD)),
        "new_upload": newness(signals),
        "video": float(signals.videos > 0),
    }
    return _weighed({name: part * policy.urgency_weight(name) for name, part in parts.items()})


def best_by_picture(matches: Sequence[Match]) -> list[Match]:
    """The worthiest match of each picture or video, worthiest first."""
    ranked = sorted(matches, key=worth, reverse=True)
    best: dict[str, Match] = {}
    for match in ranked:
        best.setdefault(match.picture_url, match)
    return list(best.values())


def personal_kinds(signals: Signals) -> Mapping[str, int]:
    """Kinds of personal data in the text or in the words of a picture, and how many of each at least."""
    kinds: dict[str, int] = {}
    for signs in (signals.text, *(seen.text for seen in signals.looked_at if seen.text)):
        for kind, count in signs.personal.items():
            if count > 0:
                kinds[kind] = max(kinds.get(kind, 0), count)
    return kinds


def age_hours(signals: Signals) -> float | None:
    """Between publishing and finding; None when the page does not say. What claims the future is new."""
    if signals.published_at is None:
        return None
    return max(0.0, (signals.found_at - signals.published_at).total_seconds() / 3600)


def newness(signals: Signals) -> float:
    age = age_hours(signals)
    return 0.0 if age is None else min(1.0, max(0.0, (OLD_FROM_H - age) / (OLD_FROM_H - NEW_UNTIL_H)))


def _second_sign(matches: Sequence[Match], best: Match) -> float:
    """What says the same of the same picture and entry: the pHash of the same part, or a hash of another kind."""
    others = (
        worth(match)
        for match in matches
        if (match.picture_url, match.bank, match.entry) == (best.picture_url, best.bank, best.entry)
        and match.algorithm != best.algorithm
    )
    of_same_part = best.second is not None and best.second <= SECOND
    return max((float(of_same_part), *others))


def _weighed(parts: Mapping[str, float]) -> Risk:
    shown = {name: round(part, DIGITS) for name, part in parts.items()}
    shown = {name: part for name, part in shown.items() if part > 0}
    return Risk(score=round(combined(shown.values()), DIGITS), components=shown)
