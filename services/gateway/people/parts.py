"""How the pages know people: what they are told by settings."""

import os
from dataclasses import dataclass, field

from services.gateway.people.rates import Rates
from services.gateway.people.sealing import KEY_BYTES, Seal, seal_of
from services.gateway.settings import Settings


@dataclass(frozen=True)
class People:
    """`second_factor`: people need one. `url`: where browsers and programs reach the gateway, without a path; what
    names the gateway in signed tokens, never taken from a request."""

    seal: Seal = field(default_factory=lambda: Seal(os.urandom(KEY_BYTES)))
    second_factor: bool = False
    url: str = "http://127.0.0.1"
    rates: Rates = field(default_factory=lambda: Rates(0))


def people_of(settings: Settings) -> People:
    """Raises ValueError naming the setting that cannot be used."""
    here = f"http://{settings.gateway_host}:{settings.gateway_port}"
    return People(
        seal=seal_of(settings.second_factor_key, settings.approval_key),
        second_factor=settings.second_factor == "required",
        url=(settings.gateway_url or here).rstrip("/"),
        rates=Rates(settings.requests_per_minute),
    )
