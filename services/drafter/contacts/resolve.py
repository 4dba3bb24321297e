"""Who is asked to act, about which addresses, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.drafter.addresses import Addresses, addresses
from services.drafter.problems import Problem
from services.drafter.recipients import Ladder, recipients
from shared.events import EvidenceSealed
from shared.events.values import Recipient


@dataclass(frozen=True)
class Asked:
    """A recipient, the addresses on one host that it can act on, and its place in the ladder."""

    recipient: Recipient
    rung: int
    after_hours: int
    addresses: Addresses


@dataclass(frozen=True)
class Resolved:
    """In ladder order."""

    asked: tuple[Asked, ...]
    problems: tuple[Problem, ...]


def resolve(event: EvidenceSealed, contacts: Ladder, measured: Mapping[str, float], now: datetime) -> Resolved:
    named, unnamed = addresses(event.finding, event.assessment.matches)
    asked, unasked = recipients(event.finding.site, contacts)
    found = tuple(Asked(to, 0, 0, named) for to in asked) if named else ()
    return Resolved(found, (*unasked, *unnamed))


def packet_recipients(country: str | None, category: str, contacts: Ladder) -> tuple[Recipient, ...]:
    """Who supervises the recipients there, or takes reports of such content."""
    return ()
