"""Which rule a notice leans on (data: `data/laws.toml`)."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from services.drafter.datafile import Strict, load

Texts = Annotated[Mapping[str, str], Field(description="by language; `en` stands in for what is missing")]
Confidence = Literal["H", "M", "L"]
Role = Literal["site", "platform", "host", "cdn", "registrar", "search", "hotline", "regulator"]
# A packet to these tells of the rule that bound whoever runs the site.
WATCHERS = frozenset({"hotline", "regulator"})
SITE = "site"
ANYWHERE = "*"
# Two letters are a country's (ISO 3166-1; RFC 1591, section 2); most of the internationalised ones (RFC 5890), too.
COUNTRY_DOMAIN = re.compile(r"\.([a-z]{2}|xn--[a-z0-9-]+)\.?(:\d+)?$", re.I)


class Clock(Strict):
    """The deadline, from the recipient's receipt. `authority_hours` start with an authority's order only."""

    kind: Literal["hours", "without_delay", "answer", "none"]
    hours: Annotated[int | None, Field(ge=1)] = None
    authority_hours: Annotated[int | None, Field(ge=1)] = None
    alarm_after_hours: Annotated[int | None, Field(ge=1)] = None


NO_CLOCK = Clock(kind="none")


class Demand(Strict):
    """A field that the rule demands of a notice, and where it says so. `unless`: kinds of case that it exempts."""

    field: str
    source: str
    unless: frozenset[str] = frozenset()


class Law(Strict):
    """`countries`: ISO 3166-1, or `*` for a rule that holds everywhere. `binds`: the roles that it obliges; a statute
    for platforms is nothing to a registrar. `generic_only`: not for hosts under a country's own top-level domain.
    `form`: the name of the statutory form whose content the notice has. `checked`: the month in which what stands here
    was last compared with its source."""

    key: str
    countries: frozenset[str] = frozenset()
    covers: frozenset[str] = frozenset()
    binds: frozenset[Role] = frozenset()
    generic_only: bool = False
    citation: Texts = Field(default_factory=dict)
    form: Texts = Field(default_factory=dict)
    clock: Clock
    source: str
    confidence: Confidence
    checked: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    verify: bool
    in_force: bool = True
    note: Texts
    required: tuple[Demand, ...] = ()

    def cited_in(self, language: str) -> str:
        """How a text of that language names the rule; empty for the recipient's own rules."""
        return text_in(self.citation, language)

    def clock_for(self, role: str) -> Clock:
        """Whoever watches over the rule is not bound by its deadline."""
        return NO_CLOCK if role in WATCHERS else self.clock

    def concerns(self, country: str | None, category: str, role: str, host: str) -> bool:
        if self.generic_only and (not host or COUNTRY_DOMAIN.search(host)):
            return False
        there = ANYWHERE in self.countries or country in self.countries
        return there and category in self.covers and (SITE if role in WATCHERS else role) in self.binds


class HomeLaw(Strict):
    """The agency's own law, named beside the recipient's."""

    key: str
    covers: frozenset[str]
    citation: Texts
    source: str
    confidence: Confidence
    checked: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    verify: bool
    note: Texts


class Standard(Strict):
    """What each notice of ours has, whatever the law asks; `reminder` and `packet`: another list of their own.

    `wish_hours`: what we ask for where no statute names a time.
    """

    source: str
    wish_hours: Annotated[int, Field(ge=1)]
    required: tuple[str, ...]
    reminder: tuple[str, ...]
    packet: tuple[str, ...]

    def of(self, occasion: str) -> tuple[str, ...]:
        return {"reminder": self.reminder, "packet": self.packet}.get(occasion, self.required)


class Laws(Strict):
    version: Annotated[int, Field(ge=1)]
    home: tuple[HomeLaw, ...]
    standard: Standard
    law: tuple[Law, ...]
    policy: Law

    def applicable(self, country: str | None, category: str, role: str = SITE, host: str = "") -> Law:
        """The first rule in force that binds a recipient in `country`; its own rules where there is none. `host`: what
        the notice is about."""
        found = (law for law in self.law if law.in_force and law.concerns(country, category, role, host))
        return next(found, self.policy)

    def unconfirmed(self, country: str | None, category: str, role: str = SITE, host: str = "") -> tuple[Law, ...]:
        """Rules that would apply if a lawyer confirmed that they are in force."""
        return tuple(law for law in self.law if not law.in_force and law.concerns(country, category, role, host))

    def cited(self, key: str, language: str) -> str:
        """How a text of that language names the rule of that key; empty when there is none."""
        return next((law.cited_in(language) for law in self.law if law.key == key), "")

    def home_for(self, category: str) -> HomeLaw | None:
        return next((home for home in self.home if category in home.covers), None)

    def demands(self, law: Law, occasion: str = "first", category: str = "") -> tuple[Demand, ...]:
        """What a notice under `law` must contain: the law's fields first, then ours that it does not name.

        A reminder repeats the notice that it reminds of, and a packet goes to whoever watches over the law: the law's
        list of a notice's fields is for neither.
        """
        repeated = occasion in ("reminder", "packet")
        asked = () if repeated else tuple(one for one in law.required if category not in one.unless)
        named = {demand.field for demand in asked}
        ours = (Demand(field=field, source=self.standard.source) for field in self.standard.of(occasion))
        return asked + tuple(demand for demand in ours if demand.field not in named)


def text_in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get("en", "")


def load_laws(override: Path | None = None) -> Laws:
    return load(Laws, "laws.toml", override)
