"""Which rule a notice leans on (data: `data/laws.toml`)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from services.drafter.datafile import Strict, load

Texts = Annotated[Mapping[str, str], Field(description="by language; `en` stands in for what is missing")]
Confidence = Literal["H", "M", "L"]


class Clock(Strict):
    """The deadline, from the recipient's receipt. `authority_hours` start with an authority's order only."""

    kind: Literal["hours", "without_delay", "answer", "none"]
    hours: Annotated[int | None, Field(ge=1)] = None
    authority_hours: Annotated[int | None, Field(ge=1)] = None
    alarm_after_hours: Annotated[int | None, Field(ge=1)] = None


class Demand(Strict):
    """A field that the rule demands of a notice, and where it says so."""

    field: str
    source: str


class Law(Strict):
    key: str
    countries: frozenset[str] = frozenset()
    covers: frozenset[str] = frozenset()
    citation: Texts = Field(default_factory=dict)
    clock: Clock
    source: str
    confidence: Confidence
    verify: bool
    in_force: bool = True
    note: Texts
    required: tuple[Demand, ...] = ()

    def cited_in(self, language: str) -> str:
        """How a text of that language names the rule; empty for the recipient's own rules."""
        return text_in(self.citation, language)

    def concerns(self, country: str | None, category: str) -> bool:
        return country in self.countries and category in self.covers


class HomeLaw(Strict):
    """The agency's own law, named beside the recipient's."""

    covers: frozenset[str]
    citation: Texts
    source: str
    confidence: Confidence
    verify: bool
    note: Texts


class Standard(Strict):
    source: str
    required: tuple[str, ...]


class Laws(Strict):
    home: HomeLaw
    standard: Standard
    law: tuple[Law, ...]
    policy: Law

    def applicable(self, country: str | None, category: str) -> Law:
        """The first rule in force for a recipient in `country`; the recipient's own rules where there is none."""
        return next((law for law in self.law if law.in_force and law.concerns(country, category)), self.policy)

    def unconfirmed(self, country: str | None, category: str) -> tuple[Law, ...]:
        """Rules that would apply if a lawyer confirmed that they are in force."""
        return tuple(law for law in self.law if not law.in_force and law.concerns(country, category))

    def demands(self, law: Law) -> tuple[Demand, ...]:
        """What a notice under `law` must contain: the law's fields first, then ours that it does not name."""
        named = {demand.field for demand in law.required}
        ours = (Demand(field=field, source=self.standard.source) for field in self.standard.required)
        return law.required + tuple(demand for demand in ours if demand.field not in named)


def text_in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get("en", "")


def load_laws(override: Path | None = None) -> Laws:
    return load(Laws, "laws.toml", override)
