"""What is known of a host, and which providers of the contact graph are behind it (pure)."""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.drafter.contacts.graph import Contacts, Matches, Provider
from services.drafter.contacts.mailboxes import domain_of
from services.drafter.untrusted import host_of
from shared.events import EvidenceSealed, Place, Surroundings
from shared.events.values import Recipient, SiteKind

# Their pages stand in no search engine's index, or are one's own.
NOT_INDEXED = frozenset({SiteKind.CHAT, SiteKind.DARK_WEB, SiteKind.SEARCH})
REGISTRY = "registry"  # asked as a registrar is, where none is known


@dataclass(frozen=True)
class Behind:
    """`domain`: what was registered of it. `told`: what the registries said of it. `indexed`: a search engine may list
    it."""

    host: str
    domain: str
    told: Place | Surroundings
    indexed: bool

    @property
    def networks(self) -> tuple[str, str]:
        return self.told.network, self.told.network_handle

    @property
    def nameservers(self) -> tuple[str, ...]:
        return self.told.nameservers if isinstance(self.told, Surroundings) else ()


@dataclass(frozen=True)
class Known:
    """A provider that is behind a host. `by_network`: the host's address is in its network. `by_name`: only the name
    of the network says so, which whoever holds it chooses: it is asked beside the others, in nobody's place."""

    provider: Provider
    by_network: bool
    by_name: bool


def behind(event: EvidenceSealed, host: str) -> Behind:
    around = event.surroundings
    page = host == host_of(event.finding.url)
    elsewhere = around.elsewhere if around else ()
    told = around if page else next((one for one in elsewhere if one.host == host), None)
    indexed = page and event.finding.site.kind not in NOT_INDEXED
    return Behind(host, domain_of(host), told or Place(host=host), indexed)


def is_registry(event: EvidenceSealed, to: Recipient) -> bool:
    """Whether a recipient that is asked as a registrar is the registry of the domain."""
    known = event.surroundings.contacts if event.surroundings else ()
    return to.role == "registrar" and any(
        one.role == REGISTRY and one.email.lower() == to.email.lower() for one in known
    )


def providers(there: Behind, contacts: Contacts) -> Iterator[Known]:
    """In the order of the file: an agency's own come first."""
    for provider in contacts.provider:
        matches = provider.matches
        by_network, named = _network(there, matches), _named(there, matches)
        otherwise = _otherwise(there, matches)
        if by_network or named or otherwise:
            yield Known(provider, by_network, by_name=not by_network and not otherwise)


def _named(there: Behind, matches: Matches) -> bool:
    beginnings = tuple(one.casefold() for one in matches.networks)
    return any(name.casefold().startswith(beginnings) for name in there.networks if name)


def _network(there: Behind, matches: Matches) -> bool:
    try:
        address = ipaddress.ip_address(there.told.address)
    except ValueError:
        return False
    return any(address in network for network in matches.addresses)


def _otherwise(there: Behind, matches: Matches) -> bool:
    return (
        (matches.all and there.indexed)
        or _below((there.host,), matches.hosts)
        or _below(there.nameservers, matches.nameservers)
        or _below((there.domain,), matches.tlds)
        or there.told.registrar_id in matches.registrars
    )


def _below(names: Iterable[str], suffixes: tuple[str, ...]) -> bool:
    return any(name == suffix or name.endswith(f".{suffix}") for name in names for suffix in suffixes)
