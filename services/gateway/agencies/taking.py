"""Which agency a new case is for. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from services.gateway.agencies.scoping import HOME
from shared.events import Value

MOST = 1_000  # of a list: the hosts of a country, by their domains
Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Category = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}$")]


class Takes(Value):
    """Cases whose host (or a host above it), country, language and category all stand in the list of that name; an
    empty list asks for nothing, and four empty ones take no case."""

    hosts: Annotated[tuple[Host, ...], Field(max_length=MOST)] = ()
    countries: Annotated[tuple[Country, ...], Field(max_length=MOST)] = ()
    languages: Annotated[tuple[Language, ...], Field(max_length=MOST)] = ()
    categories: Annotated[tuple[Category, ...], Field(max_length=MOST)] = ()


@dataclass(frozen=True)
class Described:
    """What is known of a case when it is placed."""

    host: str
    country: str | None
    language: str | None
    category: str | None


def takes(rule: Takes, case: Described) -> bool:
    asked = (
        (rule.hosts, any(under(case.host, host) for host in rule.hosts)),
        (rule.countries, case.country in rule.countries),
        (rule.languages, case.language in rule.languages),
        (rule.categories, case.category in rule.categories),
    )
    answers = [agrees for wanted, agrees in asked if wanted]
    return bool(answers) and all(answers)


def taker(rules: Iterable[tuple[str, Takes]], case: Described) -> str:
    """The first agency whose rule takes the case; else the one of the house."""
    return next((agency for agency, rule in rules if takes(rule, case)), HOME)


def under(host: str, above: str) -> bool:
    return host == above or host.endswith(f".{above}")
