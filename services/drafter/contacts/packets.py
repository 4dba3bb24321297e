"""Regulators and hotlines that may be told of a case, in a later round, with what happened until then (pure)."""

from datetime import UTC

from services.drafter.contacts.graph import PACKETS, Contacts
from shared.events.values import Recipient


def packet_recipients(country: str | None, category: str, contacts: Contacts) -> tuple[Recipient, ...]:
    """Those that a case of that kind, on a site in `country`, may go to."""
    return tuple(
        Recipient(
            name=provider.name_in(way.languages[0]),
            email=way.email,
            role=way.role,
            language=way.languages[0][:2],
            locale=way.languages[0] if "-" in way.languages[0] else "",
            channel=way.channel,
            connector=way.connector,
            provider=provider.id,
            country=provider.country,
            can=way.can or contacts.of_role(way.role).can,
            tip_off="low",
            anonymity="none",
            source=f"contact graph {contacts.version}: {way.source} ({way.confidence})",
            known_at=way.known_at.astimezone(UTC),
        )
        for provider in contacts.provider
        if not provider.countries or country in provider.countries
        for way in provider.ways(category in contacts.parallel)
        if way.role in PACKETS
    )
