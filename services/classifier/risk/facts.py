"""What a rule may ask about: names, types and meanings. A rule sees these plain values and nothing else."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rule_engine import DataType

from services.classifier.domain import Judgement
from services.classifier.risk.components import age_hours, best_by_picture, personal_kinds
from services.classifier.signals import Signals

NUMBER, TEXT, WORDS, YES = DataType.FLOAT, DataType.STRING, DataType.SET(DataType.STRING), DataType.BOOLEAN
MAYBE = DataType.NULLABLE.wrap(NUMBER)
SURE_CATEGORY = 0.5  # as likely as not


@dataclass(frozen=True)
class Fact:
    kind: Any  # of rule-engine, which is untyped here
    meaning: str
    of: Callable[[Signals, Judgement], Any]


FACTS: Mapping[str, Fact] = {
    "risk": Fact(NUMBER, "0 to 1, before rules", lambda s, j: j.risk.score),
    "urgency": Fact(NUMBER, "0 to 1, before rules", lambda s, j: j.urgency.score),
    "flagged": Fact(YES, "would be a case without rules", lambda s, j: j.flagged),
    "category": Fact(TEXT, "known_content, suspected_picture or suspected_text", lambda s, j: j.category),
    "host": Fact(TEXT, "the site's host name", lambda s, j: s.host),
    "site_kind": Fact(TEXT, "board, community, gallery …", lambda s, j: s.site_kind),
    "country": Fact(TEXT, "of the site, such as 'KR'; '' if unknown", lambda s, j: s.country or ""),
    "language": Fact(TEXT, "of the text, such as 'ko'; '' if unknown", lambda s, j: _language(s)),
    "pictures": Fact(NUMBER, "on the page", lambda s, j: s.pictures),
    "videos": Fact(NUMBER, "on the page", lambda s, j: s.videos),
    "age_hours": Fact(MAYBE, "from publishing to finding; null if unknown", lambda s, j: age_hours(s)),
    "reports": Fact(NUMBER, "persons or partners who asked for this page", lambda s, j: s.reports),
    "seen_on": Fact(NUMBER, "hosts that showed it within the last days", lambda s, j: s.seen_on),
    "known": Fact(NUMBER, "what the best match is worth, 0 to 1", lambda s, j: _part(j, "known_picture")),
    "distance": Fact(MAYBE, "differing bits of the best match; null without one", lambda s, j: _distance(s)),
    "banks": Fact(WORDS, "banks that agree", lambda s, j: _said(s.matches, "bank")),
    "entries": Fact(WORDS, "entries of banks that agree", lambda s, j: _said(s.matches, "entry")),
    "sources": Fact(WORDS, "of these banks: victim_report, agency, exchange", lambda s, j: _said(s.matches, "source")),
    "bank_categories": Fact(WORDS, "of these entries", lambda s, j: _said(s.matches, "category")),
    "harmless": Fact(WORDS, "banks of harmless content that agree", lambda s, j: _said(s.harmless, "bank")),
    "text_score": Fact(NUMBER, "of the text model, 0 to 1", lambda s, j: s.text.score),
    "disguised": Fact(NUMBER, "share of letters that were disguised", lambda s, j: s.text.disguised),
    "slang": Fact(WORDS, "terms of the lexicon, by id", lambda s, j: _said(s.text.slang, "term")),
    "slang_categories": Fact(WORDS, "of these terms", lambda s, j: _said(s.text.slang, "category")),
    "personal": Fact(WORDS, "kinds of personal data: name, phone …", lambda s, j: set(personal_kinds(s))),
    "personal_count": Fact(NUMBER, "pieces of personal data", lambda s, j: sum(personal_kinds(s).values())),
    "picture_score": Fact(NUMBER, "highest of the picture model, 0 to 1", lambda s, j: max(_scores(s), default=0.0)),
    "picture_categories": Fact(WORDS, "as likely as not by the picture model", lambda s, j: _categories(s)),
    "minor": Fact(MAYBE, "highest of the age model; null: not configured", lambda s, j: _highest(s, "minor")),
    "synthetic": Fact(MAYBE, "highest of its model; null: not configured", lambda s, j: _highest(s, "synthetic")),
}
KINDS = {name: fact.kind for name, fact in FACTS.items()}


def facts_of(signals: Signals, judgement: Judgement) -> dict[str, Any]:
    return {name: fact.of(signals, judgement) for name, fact in FACTS.items()}


def kind_name(kind: Any) -> str:  # noqa: ANN401  # rule-engine is untyped here
    """In words that a person who writes rules knows."""
    names = {NUMBER: "number", TEXT: "text", YES: "true or false", MAYBE: "number or null"}
    return names.get(kind, "set of texts")


def _language(signals: Signals) -> str:
    return signals.text.language or signals.language or ""


def _part(judgement: Judgement, component: str) -> float:
    return judgement.risk.components.get(component, 0.0)


def _said(things: Iterable[object], field: str) -> set[str]:
    return {said for thing in things if (said := getattr(thing, field))}


def _distance(signals: Signals) -> int | None:
    best = best_by_picture(signals.matches)
    return best[0].distance if best else None


def _scores(signals: Signals) -> list[float]:
    return [score for seen in signals.looked_at for score in seen.categories.values()]


def _categories(signals: Signals) -> set[str]:
    found = (seen.categories.items() for seen in signals.looked_at)
    return {name for items in found for name, score in items if score >= SURE_CATEGORY}


def _highest(signals: Signals, slot: str) -> float | None:
    given: list[float] = [value for seen in signals.looked_at if (value := getattr(seen, slot)) is not None]
    return max(given, default=None)
