"""From where a log-in is tried."""

import ipaddress

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.parts import Parts, parts_of
from services.gateway.requests import bound, remember
from services.gateway.throttle import KNOWN_FOR, Knock
from services.gateway.tokens import new_token

HOUSE = 64  # bits: a subscriber has at least so many addresses of IPv6 (RFC 6177), and would try each of them


def address_of(request: Request) -> str:
    """An address, or the network of one of IPv6."""
    host = request.client.host if request.client else ""
    try:
        known = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    return str(known.ipv4_mapped or ipaddress.ip_network((known.packed, HOUSE), strict=False))


def browser_cookie(parts: Parts) -> str:
    return bound("haetae_browser", parts)


def knock_of(request: Request) -> Knock:
    """The browser's own token, or a new one that `known` leaves with it."""
    token = request.cookies.get(browser_cookie(parts_of(request))) or new_token()
    return Knock(address_of(request), token, request.headers.get("User-Agent", ""))


def know(answer: Response, request: Request, knock: Knock) -> None:
    """It will be a place of its own the next time."""
    parts = parts_of(request)
    remember(answer, parts, browser_cookie(parts), knock.browser, int(KNOWN_FOR.total_seconds()))
