"""This gateway as a client of the identity provider: authorization code with PKCE (RFC 6749, 7636; OAuth 2.0 Security
BCP, RFC 9700). The protocol's parts that need no state are authlib's."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from authlib.common.urls import add_params_to_uri  # type: ignore[import-untyped]  # authlib has no types
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]  # authlib has no types
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # authlib has no types

from services.gateway.oidc.asking import Unanswered
from services.gateway.oidc.mapping import Mapped
from services.gateway.oidc.provider import Described, Provider
from services.gateway.oidc.tokens import key_id, signed

BACK = "/login/oidc/back"
SCOPE = "openid profile email"


@dataclass(frozen=True)
class Begun:
    """The secrets of one log-in. They follow from the browser's own token and the state, so that none is kept."""

    browser: str
    state: str

    @property
    def nonce(self) -> str:
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """43 characters of the unreserved set (RFC 7636, 4.1)."""
        return self._derived("verifier")

    def _derived(self, what: str) -> str:
        made = hmac.new(self.browser.encode(), f"{what} {self.state}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")


@dataclass(frozen=True)
class Oidc:
    """`url`: of the gateway. `label`: what people call the provider. `acr`: which of its ways of proving are enough;
    empty: any."""

    provider: Provider
    client_id: str
    client_secret: str | None
    mapped: Mapped
    url: str
    label: str
    acr: tuple[str, ...] = ()

    async def address(self, begun: Begun, *, again: bool) -> str:
        """Where the browser goes. `again`: whoever the provider knows is asked all the same. Raises `Unanswered`."""
        described = await self.provider.described()
        more = {"prompt": "login", "max_age": "0"} if again else {}
        if self.acr:
            more["acr_values"] = " ".join(self.acr)
        return cast(
            str,
            prepare_grant_uri(
                described.authorization_endpoint,
                client_id=self.client_id,
                response_type="code",
                redirect_uri=self.url + BACK,
                scope=SCOPE,
                state=begun.state,
                nonce=begun.nonce,
                code_challenge=create_s256_code_challenge(begun.verifier),
                code_challenge_method="S256",
                **more,
            ),
        )

    async def claims(self, begun: Begun, code: str) -> Mapping[str, Any]:
        """Of the signed ID token that the code buys, its signature checked and nothing else. Raises `Unanswered`,
        `Untrusted`."""
        described = await self.provider.described()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.url + BACK,
            "code_verifier": begun.verifier,
            "client_id": self.client_id,
        }
        methods = described.token_endpoint_auth_methods_supported
        basic = None
        if self.client_secret and "client_secret_basic" in methods:
            basic = (self.client_id, self.client_secret)
        elif self.client_secret:
            form["client_secret"] = self.client_secret
        told = await self.provider.asker.post(described.token_endpoint, form, basic)
        token = told.get("id_token")
        if not isinstance(token, str):
            raise Unanswered("the answer has no ID token")
        return await self.read(token)

    def way_out(self, described: Described) -> str | None:
        if described.end_session_endpoint is None:
            return None
        back = [("client_id", self.client_id), ("post_logout_redirect_uri", f"{self.url}/login")]
        return cast(str, add_params_to_uri(described.end_session_endpoint, back))

    async def read(self, token: str) -> Mapping[str, Any]:
        """Raises `Unanswered`, `Untrusted`."""
        return signed(token, await self.provider.keys(key_id(token)))
