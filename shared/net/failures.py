"""How a fetch fails."""

from enum import StrEnum

from shared.failures import Rejected, Transient


class Fault(StrEnum):
    """What went wrong, by name: for statistics, for the reader of a log, for tests of hostile servers."""

    DNS = "dns"  # the name does not resolve
    REFUSED = "refused"  # by our guard, never by the other side
    CONNECT = "connect"  # nobody listens, or no route leads there
    TLS = "tls"
    PROXY = "proxy"
    TIMEOUT = "timeout"
    SLOW = "slow"  # bytes come, but too few a second
    TOO_LARGE = "too_large"
    BOMB = "bomb"  # small as sent, too large as unpacked
    ENCODING = "encoding"  # cannot be unpacked
    PROTOCOL = "protocol"  # no HTTP, or broken HTTP
    TRUNCATED = "truncated"
    HEADERS = "headers"  # too many or too large
    REDIRECTS = "redirects"  # too many, or to what is no URL


class AddressRefused(Rejected):
    """The guard refuses the address: it is not on the public web, and nobody allowed it. No byte was sent to it."""

    fault = Fault.REFUSED


class FetchFailed(Transient):
    """No whole answer: name unknown, connection refused or broken, too slow, too large, not decodable."""

    def __init__(self, message: str, fault: Fault = Fault.PROTOCOL, after_s: float | None = None) -> None:
        super().__init__(message, after_s)
        self.fault = fault
