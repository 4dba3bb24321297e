"""Who is asked to act (data: `data/contacts.toml`): for now the site's own abuse mailbox, the rest by hand."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from services.drafter.datafile import Strict, load
from services.drafter.law import Confidence
from services.drafter.problems import Problem
from shared.events.values import Recipient, Site
from shared.text import one_line

MAX_NAME = 120
MAX_EMAIL = 254  # RFC 5321, 4.5.3.1.3: a path has 256 octets with its angle brackets
# An addr-spec that needs no quoting, with an ASCII (or punycode) domain: what every mail server takes.
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


class Step(Strict):
    """A rung of the contact ladder. `after_hours` counts from the first notice."""

    number: int
    role: Literal["site", "platform", "host", "cdn", "registrar", "search", "regulator"]
    after_hours: Annotated[int, Field(ge=0)]
    found_in: Literal["site.abuse_email"] | None = None
    source: str
    confidence: Confidence
    verify: bool
    title: Mapping[str, str]


class Ladder(Strict):
    step: tuple[Step, ...]

    def by_hand(self) -> tuple[Step, ...]:
        return tuple(step for step in self.step if step.found_in is None)


def recipients(site: Site, ladder: Ladder) -> tuple[tuple[Recipient, ...], tuple[Problem, ...]]:
    """Recipients in ladder order, and what a person has to see because nobody can be asked."""
    found, problems = [], []
    for step in ladder.step:
        if step.found_in is None:
            continue
        email = (site.abuse_email or "").strip()
        if not email:
            problems.append(Problem("no_contact", site.host))
        elif len(email) > MAX_EMAIL or not EMAIL.fullmatch(email):
            problems.append(Problem("bad_contact", email))
        else:
            name = one_line(site.name, MAX_NAME) or site.host
            found.append(Recipient(name=name, email=email, role=step.role, language=site.language or "en"))
    return tuple(found), tuple(problems)


def load_ladder(override: Path | None = None) -> Ladder:
    return load(Ladder, "contacts.toml", override)
