"""IANA's directory of RDAP servers (RFC 9224): which server answers for a domain, which for an address (pure)."""

import ipaddress
from collections.abc import Iterator, Mapping

from shared.rdap.shapes import Json, text, texts

# Of the whole directory: IANA's lists 1,200 domains and 300 networks.
MAX_ENTRIES = 20_000

Servers = Mapping[str, str]


def servers(directory: Mapping[str, Json]) -> Servers:
    """Entry (a suffix or a network) → base address, `https` before `http`. What is malformed is left out."""
    found: dict[str, str] = {}
    for entries, urls in _services(directory):
        if url := next(iter(sorted(urls, key=lambda url: not url.startswith("https:"))), ""):
            base = url if url.endswith("/") else url + "/"
            found |= dict.fromkeys(entries, base)
        if len(found) > MAX_ENTRIES:
            break
    return found


def _services(directory: Mapping[str, Json]) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    services = directory.get("services")
    for service in services if isinstance(services, list) else []:
        if isinstance(service, list) and len(service) >= 2 and isinstance(service[0], list):
            entries = [_entry(told) for item in service[0] if (told := text(item))]
            yield entries, tuple(url for url in texts(service[1]) if url.startswith(("https://", "http://")))


def _entry(told: str) -> str:
    """A suffix in lower case; a network in its one form."""
    try:
        return str(ipaddress.ip_network(told)) if "/" in told else told.lower()
    except ValueError:
        return told


def for_domain(known: Servers, domain: str) -> str | None:
    """By the longest suffix that is listed (5.1)."""
    labels = domain.split(".")
    suffixes = (".".join(labels[start:]) for start in range(len(labels)))
    return next((known[suffix] for suffix in suffixes if suffix in known), None)


def for_address(known: Servers, address: str) -> str | None:
    """By the smallest network that is listed (5.2, 5.3)."""
    asked = ipaddress.ip_address(address)
    for length in range(asked.max_prefixlen, -1, -1):
        network = ipaddress.ip_network((asked, length), strict=False)
        if (found := known.get(str(network))) is not None:
            return found
    return None
