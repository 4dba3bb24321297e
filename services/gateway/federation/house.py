"""What this installation may state, as whom and with which key."""

from dataclasses import dataclass, field

from joserfc.jwk import OKPKey

from services.gateway.agencies.scoping import HOME
from services.gateway.federation.keys import federation_key
from services.gateway.people.sealing import Seal
from services.gateway.problems import Problem
from services.gateway.settings import Settings
from shared.approvals import Approvals
from shared.net import AddressRefused
from shared.net.allowed import read_hosts
from shared.net.guard import Guard
from shared.objects.cipher import new_key

PURPOSE = "federation"


@dataclass(frozen=True)
class Federation:
    """Off without a key. `name`: as the issuer of statements. `shares`: kinds that leave without being asked for."""

    name: str = ""
    key: OKPKey | None = None
    shares: frozenset[str] = frozenset()
    guard: Guard = field(default_factory=lambda: Guard({}))
    seal: Seal = field(default_factory=lambda: Seal(new_key()))

    @property
    def on(self) -> bool:
        return self.key is not None

    def signing(self) -> OKPKey:
        """Raises `Problem` 409 while there is none."""
        if self.key is None:
            raise Problem(409, "federation-off")
        return self.key

    def asked_by(self, agency: str) -> None:
        """Statements are those of whoever runs this Haetae, not of its guests. Raises `Problem` 409."""
        self.signing()
        if agency != HOME:
            raise Problem(409, "federation-not-yours")

    def check(self, url: str) -> None:
        """Whether a peer's statements may be read there. Raises `Problem` 422."""
        try:
            parsed = self.guard.vet(url)
        except AddressRefused as refused:
            raise Problem(422, "bad-peer-url", field="url") from refused
        plain = not (parsed.userinfo or parsed.fragment or parsed.query) and url.isascii() and url.isprintable()
        if not plain or (parsed.scheme != "https" and not self.guard.allows(parsed.host)):
            raise Problem(422, "bad-peer-url", field="url")


def federation_of(settings: Settings) -> Federation:
    """Raises `ValueError` for a key that is none, or without a name."""
    if settings.federation_key is None:
        return Federation()
    if not settings.federation_name:
        raise ValueError("HAETAE_FEDERATION_NAME: peers know us by it; set it, or unset HAETAE_FEDERATION_KEY")
    approvals = Approvals.of(settings)
    return Federation(
        name=settings.federation_name,
        key=federation_key(settings.federation_key),
        shares=settings.federation_shared(),
        guard=Guard(read_hosts(settings.allowed_hosts_file)),
        seal=Seal(approvals.derived(PURPOSE), approvals.derived_before(PURPOSE)),
    )
