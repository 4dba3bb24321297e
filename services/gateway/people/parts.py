"""How the pages know people: what they are told by settings."""

import time
from dataclasses import dataclass, field

from services.gateway.oidc.asking import Asker
from services.gateway.oidc.client import Oidc
from services.gateway.oidc.mapping import read_mapping
from services.gateway.oidc.provider import Provider
from services.gateway.people.rates import Rates
from services.gateway.people.sealing import Seal, seal_of
from services.gateway.settings import Settings
from shared.approvals import Approvals
from shared.objects.cipher import new_key


@dataclass(frozen=True)
class People:
    """`second_factor`: people need one. `url`: where browsers and programs reach the gateway, without a path; what
    names the gateway in signed tokens, never taken from a request."""

    seal: Seal = field(default_factory=lambda: Seal(new_key()))
    second_factor: bool = False
    url: str = "http://127.0.0.1"
    rates: Rates = field(default_factory=lambda: Rates(0))
    oidc: Oidc | None = None


def people_of(settings: Settings) -> People:
    """Raises ValueError naming the setting that cannot be used."""
    url = (settings.gateway_url or f"http://{settings.gateway_host}:{settings.gateway_port}").rstrip("/")
    return People(
        seal=seal_of(settings.second_factor_key, Approvals.of(settings)),
        second_factor=settings.second_factor == "required",
        url=url,
        rates=Rates(settings.requests_per_minute),
        oidc=oidc_of(settings, url),
    )


def oidc_of(settings: Settings, url: str) -> Oidc | None:
    """Raises ValueError naming the setting that is missing or cannot be used."""
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_people_file is None:
        raise ValueError("HAETAE_OIDC_PEOPLE_FILE: name the file that says which groups have which roles")
    if settings.gateway_url is None:
        raise ValueError("HAETAE_GATEWAY_URL: the identity provider must know where to send browsers back to")
    secret = settings.oidc_client_secret
    return Oidc(
        provider=Provider(settings.oidc_issuer, Asker(settings.oidc_ca_file), time.monotonic),
        client_id=settings.oidc_client_id,
        client_secret=secret.get_secret_value() if secret else None,
        mapped=read_mapping(settings.oidc_people_file),
        url=url,
        label=settings.oidc_label,
        acr=tuple(filter(None, (one.strip() for one in settings.oidc_acr.split(",")))),
    )
