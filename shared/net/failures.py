"""How a fetch fails."""

from shared.failures import Rejected, Transient


class AddressRefused(Rejected):
    """The guard refuses the address: it is not on the public web, and nobody allowed it. No byte was sent to it."""


class FetchFailed(Transient):
    """No whole answer: name unknown, connection refused or broken, too slow, too large, not decodable."""
