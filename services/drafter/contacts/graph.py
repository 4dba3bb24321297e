"""Who can be asked, how, and in which order (data: `data/contacts.toml`, and an agency's own file over it)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal, Self

from pydantic import Field, IPvAnyNetwork, model_validator

from services.drafter.contacts.mailboxes import MAX_EMAIL, MAX_NAME, is_mailbox
from services.drafter.datafile import Strict
from services.drafter.law import WATCHERS, Confidence, Role, text_in
from shared.events.values import Recipient

Channel = Literal["mail", "api", "form"]
Tag = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z][a-z]{3})?$", description="BCP 47: ko, zh-Hant")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166")]
Suffix = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$", description="a host name, or the end of one")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$", description="small letters, digits and hyphens")]
Hours = Annotated[int, Field(ge=0, le=24 * 365)]
Can = Literal["remove", "block", "delist", "suspend", "forward", "order", "digest"]
PACKETS = WATCHERS  # written in a later round, with what happened until then


class Matches(Strict):
    """What tells that a host is this provider's; any one is enough. `networks`: beginnings of a network's name or
    handle as its registry writes it. `registrars`: IANA's numbers. `tlds`: of a registry, which is asked as a registrar
    is. `all`: every page of the open web (a search engine)."""

    hosts: tuple[Suffix, ...] = ()
    networks: tuple[Annotated[str, Field(min_length=3)], ...] = ()
    addresses: tuple[IPvAnyNetwork, ...] = ()
    nameservers: tuple[Suffix, ...] = ()
    registrars: tuple[Annotated[str, Field(pattern=r"^[0-9]{1,6}$")], ...] = ()
    tlds: tuple[Suffix, ...] = ()
    all: bool = False


class Reach(Strict):
    """One way to a provider in one role. Of several for a role the first that is `enabled` is taken. `languages`: the
    first unless the site's own is among them. `child_only`: it takes child material and nothing else. `form`: address
    of its form, where it is known. `tip_off`, `anonymity`: as of `Recipient`, else as of the step."""

    role: Role
    channel: Channel
    email: Annotated[str, Field(max_length=MAX_EMAIL)] = ""
    connector: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,60}$")] = ""
    form: Annotated[str, Field(pattern=r"^(https://\S{1,2000})?$")] = ""
    languages: Annotated[tuple[Tag, ...], Field(min_length=1)]
    can: tuple[Can, ...] = ()
    tip_off: Literal["low", "medium", "high"] | None = None
    anonymity: Literal["named", "anonymous", "none"] | None = None
    child_only: bool = False
    enabled: bool = True
    source: str
    confidence: Confidence
    checked: date
    verify: bool

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.channel == "mail" and not is_mailbox(self.email):
            raise ValueError("email: a mailbox is reached by mail; give one address such as abuse@provider.test")
        if self.channel == "api" and not self.connector:
            raise ValueError("connector: an API needs the name of a connector file (`haetae connectors check`)")
        return self

    @property
    def known_at(self) -> datetime:
        return datetime.combine(self.checked, time(), UTC)


class Provider(Strict):
    """`country`: of its seat, whose law binds it; empty where it is asked under the site's. `countries`: whose pages a
    regulator or hotline is for; all when empty."""

    id: Name
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    names: Mapping[str, str] = Field(default_factory=dict)
    country: Country | Literal[""] = ""
    countries: frozenset[Country] = frozenset()
    matches: Matches = Matches()
    reach: Annotated[tuple[Reach, ...], Field(min_length=1)]

    def name_in(self, language: str) -> str:
        return self.names.get(language) or self.name

    def ways(self, child: bool) -> Iterator[Reach]:
        """One a role."""
        seen: set[str] = set()
        for one in self.reach:
            if one.enabled and one.role not in seen and (child or not one.child_only):
                seen.add(one.role)
                yield one


class Place(Strict):
    """In the ladder. `after_hours`: after the first notice of the case was sent."""

    rung: Annotated[int, Field(ge=0, le=9)]
    after_hours: Hours


class Step(Strict):
    """A role's place in the ladder. `child`: where every step goes at once. `beside`: it goes at once, and nobody waits
    for it or because of it. The rest holds for who is asked in this role where the provider's entry does not say."""

    number: Annotated[int, Field(ge=0)]
    role: Role
    ordinary: Place
    child: Place
    beside: bool = False
    can: tuple[Can, ...] = ()
    tip_off: Literal["low", "medium", "high"] = "medium"
    anonymity: Literal["named", "anonymous", "none"] = "named"
    source: str
    confidence: Confidence
    verify: bool
    title: Mapping[str, str]

    @property
    def after_hours(self) -> int:
        return self.ordinary.after_hours

    def title_in(self, language: str) -> str:
        return text_in(self.title, language)


class Stale(Strict):
    """After how many days a contact is old, by where it is from."""

    curated: Annotated[int, Field(ge=1)]
    site_list: Annotated[int, Field(ge=1)]
    registries: Annotated[int, Field(ge=1)]


class Contacts(Strict):
    """`languages`: in which a country's companies and authorities are written to, where nothing better is known.
    `parallel`: the kinds of case whose steps all go at once; `texts`: those that are about what a page says."""

    version: Annotated[str, Field(min_length=1, max_length=40)]
    stale_after_days: Stale
    languages: Mapping[Country, Tag]
    step: tuple[Step, ...]
    provider: tuple[Provider, ...]
    parallel: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        ids = [one.id for one in self.provider]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"provider: {', '.join(twice)} is there twice; give each an id of its own")
        roles = [one.role for one in self.step]
        wanted = {way.role for one in self.provider for way in one.reach} | {"site", "host", "registrar"}
        if missing := sorted(wanted - set(roles)):
            raise ValueError(f"step: there is none for {', '.join(missing)}; add [[step]] with that role")
        if len(set(roles)) < len(roles):
            raise ValueError("step: a role has two; give each role one")
        return self

    def of_role(self, role: str) -> Step:
        return next(one for one in self.step if one.role == role)

    def by_hand(self) -> tuple[Step, ...]:
        """What no draft writes beforehand."""
        return tuple(one for one in self.step if one.role in PACKETS)

    def form_of(self, to: Recipient) -> str:
        """Address of the form that somebody fills in for this recipient; empty where it is not known."""
        known = (one for one in self.provider if one.id == to.provider)
        ways = (way for one in known for way in one.reach if way.role == to.role and way.channel == "form")
        return next((way.form for way in ways), "") if to.channel == "form" else ""

    def tag(self, language: str | None, country: str | None) -> str:
        """The language and script to write in: `language` as `country` writes it, else that of the country."""
        there = self.languages.get(country or "")
        if language is None:
            return there or "en"
        return there if there and there[:2] == language else language
