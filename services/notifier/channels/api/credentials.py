"""What the agency has for each API, from a file of its own: who it is there, and where the API is.

    [cloudflare]
    token = "…"
    own = {account_id = "0123…"}           # values that the connector file asks for as {own.account_id}

    [platform-x]
    base = "https://reports.platform-x.test/v1"
    user = "agency"
    password = "…"

    [aws-xarf]
    access_key = "…"
    secret_key = "…"
    own = {region = "us-east-1"}

A request never goes out without TLS, unless `over_http = true` says so: anybody on the way could read and change it.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictBool

from shared.secret_files import read_secrets

Secret = Annotated[SecretStr, Field(min_length=1, max_length=8_192)]  # servers refuse longer header lines
MASK = "***"


class Credential(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base: Annotated[str, Field(pattern=r"^https?://[^\s?#/@]+(/[^\s?#]*[^\s?#/])?$")] | None = None
    token: Secret | None = None
    user: Annotated[str, Field(pattern=r"^[^:\x00-\x1f\x7f]{1,256}$")] | None = None
    password: Secret | None = None
    key: Secret | None = None
    access_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,128}$")] | None = None
    secret_key: Secret | None = None
    session_token: Secret | None = None
    own: Mapping[str, Annotated[str, Field(max_length=1_000)]] = {}
    over_http: StrictBool = False

    def masked(self, text: str) -> str:
        """The text without our secrets: servers repeat what they refuse. To be done before a text is cut: a part of a
        secret is not found any more."""
        secrets = (self.token, self.password, self.key, self.secret_key, self.session_token)
        shown = [secret.get_secret_value() for secret in secrets if secret]
        for secret in [*shown, *([self.basic()] if self.password else [])]:
            text = text.replace(secret, MASK)
        return text

    def basic(self) -> str:
        """User and password as RFC 7617 sends them."""
        password = self.password.get_secret_value() if self.password else ""
        return base64.b64encode(f"{self.user}:{password}".encode()).decode()


def read_credentials(path: Path | None) -> dict[str, Credential]:
    """Raises `ValueError` naming the file, the field and the cure, never a value. No file: none."""
    return read_secrets(path, Credential, "HAETAE_CONNECTOR_CREDENTIALS_FILE", '[connector] and below it token = "…"')
