"""The companies of this world that are no sites: whose networks its hosts are in, and who registered their domains. All
of them are stand-ins. `contacts.toml` beside this file tells those of them that a contact graph knows.
"""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

CONTACTS = Path(__file__).with_name("contacts.toml")
PREFIX = 29  # of a network: seven hosts, all that a small world has


@dataclass(frozen=True, slots=True)
class Company:
    """`network`: how the registry of addresses names its networks. `role`: host, cdn or registrar."""

    name: str
    domain: str
    role: str
    network: str = ""

    @property
    def abuse_address(self) -> str:
        return f"abuse@{self.domain}"


NETWORKS = (
    Company("Paper Boat Hosting (stand-in)", "paper-boat-hosting.test", "host", "PAPER-BOAT-NET"),
    Company("Tin Kite Hosting (stand-in)", "tin-kite-hosting.test", "host", "TIN-KITE-NET"),
    Company("Glass River Delivery (stand-in)", "glass-river-cdn.test", "cdn", "GLASS-RIVER-NET"),
)
REGISTRAR = Company("Lantern Registrar (stand-in)", "lantern-registrar.test", "registrar")
REGISTRAR_ID = "9999"  # IANA's number; it has given none beyond 4000
COMPANIES = (*NETWORKS, REGISTRAR)


def network(address: str) -> str:
    """The network that an address is in. Raises `ValueError`."""
    return str(ipaddress.IPv4Network((address, PREFIX), strict=False))


def company(address: str) -> Company:
    """Whose network that is: they take turns, from 127.77.0.0 on. Raises `ValueError`."""
    number = (int(ipaddress.IPv4Address(address)) & 0xFFFF) >> (32 - PREFIX)
    return NETWORKS[number % len(NETWORKS)]
