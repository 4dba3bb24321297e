"""The identity provider as it describes itself: OpenID Connect Discovery 1.0, and the keys that it signs with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.gateway.oidc.asking import Asker, Unanswered, secure

DESCRIBED_FOR_S = 3600.0
# A key that we do not know makes us look again, but whoever makes up key ids does not make us ask all the time.
KEYS_AGAIN_S = 60.0
FAILED_FOR_S = 5.0  # a provider that is away is not asked by everybody who comes
ASYMMETRIC = ("RSA", "EC", "OKP")
Url = Annotated[str, Field(max_length=2_000)]


class Described(BaseModel):
    """The part of its metadata that is used."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    issuer: Url
    authorization_endpoint: Url
    token_endpoint: Url
    jwks_uri: Url
    end_session_endpoint: Url | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]


@dataclass
class Kept:
    """With the moment (monotonic seconds) at which it was asked. `failed`: why that gave nothing."""

    at: float
    failed: Unanswered | None = None
    failed_at: float = 0.0
    described: Described | None = None
    keys: KeySet | None = None


class Provider:
    """`monotonic`: a clock for what is kept; tests move it."""

    def __init__(self, issuer: str, asker: Asker, monotonic: Callable[[], float]) -> None:
        if not secure(issuer):
            raise ValueError("HAETAE_OIDC_ISSUER: give an https address (http only for this machine itself)")
        self.issuer, self.asker, self._now = issuer, asker, monotonic
        self._description, self._keys = Kept(0.0), Kept(0.0)
        self._asking = asyncio.Lock()  # many who wait for the same answer ask once

    async def described(self) -> Described:
        """Raises `Unanswered`."""
        async with self._asking:
            return await self._described()

    async def keys(self, wanted: str | None) -> KeySet:
        """With the key of this id, if the provider has it. Raises `Unanswered`."""
        async with self._asking:
            return await self._with_key(wanted)

    async def _described(self) -> Described:
        kept = self._description
        if kept.described is None or self._now() - kept.at > DESCRIBED_FOR_S:
            told = await self._get(kept, self.issuer.rstrip("/") + "/.well-known/openid-configuration")
            self._description = kept = Kept(self._now(), described=checked(told, self.issuer))
        if kept.described is None:
            raise Unanswered("the provider does not describe itself")
        return kept.described

    async def _with_key(self, wanted: str | None) -> KeySet:
        kept = self._keys
        missing = kept.keys is None or (wanted is not None and all(key.kid != wanted for key in kept.keys.keys))
        if missing and (kept.keys is None or self._now() - kept.at >= KEYS_AGAIN_S):
            told = await self._get(kept, (await self._described()).jwks_uri)
            self._keys = kept = Kept(self._now(), keys=readable(told))
        if kept.keys is None:
            raise Unanswered("the provider shows no keys")
        return kept.keys

    async def _get(self, kept: Kept, url: str) -> dict[str, Any]:
        """Raises `Unanswered`, for a while without asking."""
        if kept.failed and self._now() - kept.failed_at < FAILED_FOR_S:
            raise kept.failed
        try:
            return await self.asker.get(url)
        except Unanswered as error:
            kept.failed, kept.failed_at = error, self._now()
            raise


def checked(told: dict[str, Any], issuer: str) -> Described:
    """Raises `Unanswered`: another issuer's description (Discovery, 4.3), or places without TLS."""
    try:
        described = Described.model_validate(told)
    except ValidationError as error:
        raise Unanswered(f"its description lacks {error.errors()[0]['loc'][0]}") from error
    if described.issuer != issuer:
        raise Unanswered("it describes another issuer")
    places = (described.authorization_endpoint, described.token_endpoint, described.jwks_uri)
    if not all(secure(place) for place in (*places, described.end_session_endpoint or issuer)):
        raise Unanswered("it names places without TLS")
    return described


def readable(told: dict[str, Any]) -> KeySet:
    """Public keys for signatures; what else it may publish is left out. Raises `Unanswered`."""
    listed = told.get("keys")
    usable = [
        one
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and one.get("kty") in ASYMMETRIC and one.get("use", "sig") == "sig"
    ]
    try:
        return KeySet.import_key_set({"keys": usable})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Unanswered("its keys cannot be read") from error
