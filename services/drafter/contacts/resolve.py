"""Who is asked to act, about which addresses, and when (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.drafter.contacts.behind import behind
from services.drafter.contacts.candidates import Case, candidates
from services.drafter.contacts.graph import Contacts
from services.drafter.contacts.mailboxes import domain_of
from services.drafter.contacts.places import Addresses, added, places
from services.drafter.contacts.stated import Stated
from services.drafter.problems import Problem
from services.drafter.untrusted import host_of
from shared.events import EvidenceSealed
from shared.events.values import Recipient

MOST_HOSTS = 8  # of a case: the page's and some of its media; the registries are asked about three of those
# Why nobody is named: that is how it is set up, or how that part of the world is.
EXPECTED = frozenset({"off", "no_server", "not_found"})
NAMERS = frozenset({"domain", "registrar", "network", "rdap", "elsewhere"})  # who is asked for contacts


@dataclass(frozen=True)
class Asked:
    """A recipient, the addresses that it can act on, and its place in the ladder."""

    recipient: Recipient
    rung: int
    after_hours: int
    addresses: Addresses


@dataclass(frozen=True)
class Resolved:
    """In ladder order."""

    asked: tuple[Asked, ...]
    problems: tuple[Problem, ...]


def resolve(
    event: EvidenceSealed,
    contacts: Contacts,
    measured: Mapping[str, float],
    now: datetime,
    stated: Sequence[Stated] = (),
) -> Resolved:
    """One notice a mailbox, report API or form; none to whoever must not know; each with where its contact is from.

    `measured`: median hours to an answer, by provider, or by mailbox where the contact graph knows none. `stated`: by
    other agencies, the best first.
    """
    text = event.assessment.category in contacts.texts
    named, problems = places(event.finding, event.assessment.matches, text)
    case = Case(
        event.finding,
        event.assessment.category,
        domain_of(host_of(event.finding.url)),
        contacts,
        measured,
        now,
        stated,
    )
    found: dict[str, Asked] = {}
    told: list[Problem] = list(problems)
    for there in named[:MOST_HOSTS]:
        told += _at(there, event, case, found)
    if left := named[MOST_HOSTS:]:
        told.append(Problem("elsewhere", f"{left[0].page} (+{len(left) - 1})"))
    asked = _laddered(tuple(found.values()), case)
    if named and not any(not case.beside(one.recipient.role) for one in asked):
        told.append(Problem("nobody", event.finding.site.host))
    return Resolved(asked, tuple(dict.fromkeys(told)))


def key(to: Recipient) -> str:
    """What gets one notice a case and occasion."""
    return {"mail": to.email.lower(), "api": f"api:{to.connector}"}.get(to.channel, f"form:{to.provider}")


def _at(named: Addresses, event: EvidenceSealed, case: Case, found: dict[str, Asked]) -> Iterator[Problem]:
    """Enters the recipients of one host into `found`."""
    there = behind(event, named.host)
    able = False
    for one in candidates(there, case):
        if isinstance(one, Problem):
            yield one
            continue
        known = found.get(key(one))
        if known is None:
            found[key(one)] = Asked(one, 0, 0, named)
        elif known.addresses.host != named.host and one.channel == "mail":
            # The same people answer for both hosts: they get one notice, with what lies on either.
            more, problems = added(known.addresses, named.pictures)
            found[key(one)] = replace(known, addresses=more)
            yield from problems
        elif known.addresses.host != named.host:
            continue  # a report API takes one host a report, and one report a case
        able = able or not case.beside(one.role)
    if not able and named.host != host_of(event.finding.url):
        yield Problem("elsewhere", named.page)
    if unsure := [code for code in there.told.failures if _hides_somebody(*code.partition(":")[::2])]:
        yield Problem("registries_failed", f"{named.host}: {', '.join(unsure)}")


def _hides_somebody(what: str, why: str) -> bool:
    return what in NAMERS and why not in EXPECTED


def _laddered(found: Sequence[Asked], case: Case) -> tuple[Asked, ...]:
    order: dict[str, int] = {step.role: number for number, step in enumerate(case.contacts.step)}
    by_host: dict[str, list[Asked]] = {}
    for one in found:
        by_host.setdefault(one.addresses.host, []).append(one)
    settled = [one for there in by_host.values() for one in _settled(there, case)]
    return tuple(sorted(settled, key=lambda one: (one.rung, one.after_hours, order[one.recipient.role])))


def _settled(there: Sequence[Asked], case: Case) -> Iterator[Asked]:
    """With the lowest rung that somebody stands on as the first: nobody is waited for who was not asked. Host by host:
    whoever runs the site can do nothing about a picture that lies elsewhere."""
    places = [(one, case.place(one.recipient.role)) for one in there]
    waited = [place for one, place in places if not case.beside(one.recipient.role)]
    rungs, begun = sorted({place.rung for place in waited}), min((place.after_hours for place in waited), default=0)
    for one, place in places:
        rung = 0 if case.beside(one.recipient.role) else rungs.index(place.rung)
        yield replace(one, rung=rung, after_hours=place.after_hours - begun if rung else 0)
