"""Which addresses are on the public web (pure)."""

import ipaddress
import re
from ipaddress import IPv4Address, IPv6Address

WEB_PORTS = frozenset({80, 443})
# Networks that the standard library takes for global: protocol assignments (RFC 6890) and 6to4 relays (RFC 7526).
NOT_PUBLIC_V4 = tuple(map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")))
# All of the public IPv6 internet is in here (IANA); the standard library takes whatever is unassigned for global.
PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
NOT_PUBLIC_V6 = ipaddress.IPv6Network("3fff::/20")  # documentation (RFC 9637), newer than Python 3.11
# Networks whose addresses carry an IPv4 address: (network, bits to the right of the IPv4 address).
# NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), IPv4-mapped, IPv4-compatible and IPv4-translated (RFC 4291, RFC 2765).
CARRIES_V4 = tuple(
    (ipaddress.IPv6Network(network), shift)
    for network, shift in (
        ("64:ff9b::/96", 0),
        ("64:ff9b:1::/48", 0),
        ("2002::/16", 80),
        ("::ffff:0:0/96", 0),
        ("::ffff:0:0:0/96", 0),
        ("::/96", 0),
    )
)
TEREDO = ipaddress.IPv6Network("2001::/32")
# WHATWG URL, "ends in a number": such a host is an IPv4 address in some notation, never a name.
NUMERIC_LAST_LABEL = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$", re.IGNORECASE)


def why_not_public(address: str) -> str | None:
    """None for an address of the public internet, else the reason to refuse it."""
    try:
        parsed = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return "is not an IP address"
    if isinstance(parsed, IPv6Address):
        inner = carried_v4(parsed)
        if inner is not None:
            return f"carries the IPv4 address {inner}: write that instead"
    if parsed.is_unspecified or parsed.is_loopback or parsed.is_link_local or parsed.is_multicast:
        return "is unspecified, loopback, link-local or multicast"
    if not parsed.is_global or _reserved(parsed):
        return "is private or reserved"
    return None


def _reserved(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return any(address in network for network in NOT_PUBLIC_V4)
    return address not in PUBLIC_V6 or address in NOT_PUBLIC_V6


def carried_v4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address inside a transition address: a way around every check of IPv4 addresses."""
    for network, shift in CARRIES_V4:
        if address in network:
            return IPv4Address((int(address) >> shift) & 0xFFFFFFFF)
    if address in TEREDO:
        return IPv4Address(~int(address) & 0xFFFFFFFF)
    return None


def literal(host: str) -> str | None:
    """The address that a host name spells out, None for a name. Raises `ValueError` for any but the plain notation."""
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        if ":" in bare or NUMERIC_LAST_LABEL.search(bare):
            raise ValueError(f"host {host!r} is an address in an odd notation; write it plainly") from None
        return None
