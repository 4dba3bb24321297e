"""Evidence of a page with surroundings, for tests about who is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shared.events import AbuseContact, EvidenceSealed, Place, Surroundings
from shared.events.examples import PICTURE
from tests.support.cases import sealed

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOST, REGISTRAR = "abuse@boat.test", "abuse@lantern.test"
# An agency's own file, with nothing wrong in it.
GOOD = """
without = ["google-search"]
[[provider]]
id = "own"
name = "Own desk"
matches = { networks = ["BOAT"] }
[[provider.reach]]
role = "host"
channel = "mail"
email = "desk@own.test"
languages = ["ko"]
source = "their letter"
confidence = "H"
checked = 2025-01-01
verify = false
"""


def contact(role: str, email: str, holder: str = "Somebody Ltd", at: datetime = NOW) -> AbuseContact:
    return AbuseContact(role=role, email=email, holder=holder, url="https://rdap.test/1", at=at)


def around(*contacts: AbuseContact, **more: Any) -> Surroundings:
    given: dict[str, Any] = {
        "address": "203.0.113.9",
        "network": "BOAT-NET",
        "network_country": "KR",
        "contacts": contacts,
    }
    return Surroundings(**{**given, **more})


def case(
    surroundings: Surroundings | None = None,
    *,
    pictures: tuple[str, ...] = (),
    elsewhere: tuple[Place, ...] = (),
    category: str = "known_content",
    **site: Any,
) -> EvidenceSealed:
    """On `harbour-board.en.test`. Without `surroundings`: host and registrar are known."""
    told = surroundings or around(contact("host", HOST), contact("registrar", REGISTRAR))
    more = {"pictures": tuple(PICTURE.model_copy(update={"url": url}) for url in pictures)} if pictures else {}
    event = sealed(category=category, site=site, **more)
    return event.model_copy(update={"surroundings": told.model_copy(update={"elsewhere": elsewhere})})
