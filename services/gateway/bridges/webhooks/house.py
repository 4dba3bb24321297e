"""What the pages know of webhooks: whether there are any here, and which addresses they may have."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from services.gateway.people.sealing import Seal
from services.gateway.problems import Problem
from services.gateway.settings import Settings
from shared.approvals import Approvals
from shared.net import AddressRefused
from shared.net.allowed import read_hosts
from shared.net.guard import Guard
from shared.objects.cipher import new_key

PURPOSE = "webhooks"


@dataclass(frozen=True)
class Webhooks:
    """`on`: agencies may have events sent to them. `origin`: by which receivers know us."""

    on: bool = False
    guard: Guard = field(default_factory=lambda: Guard({}))
    seal: Seal = field(default_factory=lambda: Seal(new_key()))
    origin: str = "localhost"

    def check(self, url: str) -> None:
        """Whether events may be sent there, as far as its form tells; its addresses are checked at each call. Raises
        `Problem` 422."""
        try:
            parsed = self.guard.vet(url)
        except AddressRefused as refused:
            raise Problem(422, "bad-webhook-url", field="url") from refused
        plain = not (parsed.userinfo or parsed.fragment) and url.isascii() and url.isprintable()
        if not plain or (parsed.scheme != "https" and not self.guard.allows(parsed.host)):
            raise Problem(422, "bad-webhook-url", field="url")


def webhooks_of(settings: Settings) -> Webhooks:
    """Raises `ValueError` for a file of hosts that cannot be read, and where receivers could not tell who asks them."""
    if settings.webhooks and settings.gateway_url is None:
        raise ValueError("HAETAE_GATEWAY_URL: receivers agree to hear from its host; set it, or unset HAETAE_WEBHOOKS")
    return Webhooks(
        on=settings.webhooks,
        guard=Guard(read_hosts(settings.allowed_hosts_file)),
        seal=seal_of(Approvals.of(settings)),
        origin=urlsplit(settings.gateway_url or "").hostname or settings.gateway_host,
    )


def seal_of(approvals: Approvals) -> Seal:
    """A key of their own, which follows from the approval key as that of second factors does."""
    return Seal(approvals.derived(PURPOSE), approvals.derived_before(PURPOSE))
