"""Secrets for logging in, from a file of the operator's: a site names one, nothing else of it is ever written down.

    [board_login]
    headers = {X-Access = "…"}             # any of these four
    cookies = {session = "…"}
    basic = {user = "…", password = "…"}
    token = "…"                            # for a connector whose API wants it elsewhere
    over_http = true                       # only where the site has no https: anybody on the way can read it

Read once, when the service starts.
"""

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    SecretStr,
    StrictBool,
    model_validator,
)
from pydantic import Field as Bounded

from shared.secret_files import read_secrets

HEADER_NAME = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$")  # RFC 9110, 5.6.2
COOKIE_VALUE = re.compile(r"^[!#-+\--:<-\[\]-~]*$")  # RFC 6265, 4.1.1
# These say how a request is framed, or have a field of their own: no secret's business.
NOT_OURS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "cookie", "te", "user-agent"}
)
MOST_SECRET = 8_192  # characters: servers refuse longer header lines


def _one_line(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not 0 < len(value) <= MOST_SECRET or not value.isascii() or not value.isprintable():
        raise ValueError(f"it must be printable ASCII, at most {MOST_SECRET} characters")
    return secret


def _header_name(name: str) -> str:
    if not HEADER_NAME.fullmatch(name) or name.lower() in NOT_OURS:
        raise ValueError("it is no header that a secret may set")
    return name


def _cookie(secret: SecretStr) -> SecretStr:
    if not COOKIE_VALUE.match(_one_line(secret).get_secret_value()):
        raise ValueError("it has characters that no cookie can have")
    return secret


Line = Annotated[SecretStr, AfterValidator(_one_line)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
CookieName = Annotated[str, Bounded(pattern=HEADER_NAME.pattern)]
Cookie = Annotated[SecretStr, AfterValidator(_cookie)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Basic(_Strict):
    """RFC 7617."""

    user: Annotated[str, Bounded(pattern=r"^[^:\x00-\x1f\x7f]{1,256}$")]
    password: SecretStr


class Credential(_Strict):
    headers: Mapping[HeaderName, Line] = {}
    cookies: Mapping[CookieName, Cookie] = {}
    basic: Basic | None = None
    token: Line | None = None
    over_http: StrictBool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.headers or self.cookies or self.basic or self.token):
            raise ValueError("give headers, cookies, basic or token")
        return self

    def request_headers(self) -> dict[str, str]:
        made = {name: value.get_secret_value() for name, value in self.headers.items()}
        if self.basic:
            pair = f"{self.basic.user}:{self.basic.password.get_secret_value()}"
            made["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        if self.cookies:
            made["Cookie"] = "; ".join(f"{name}={value.get_secret_value()}" for name, value in self.cookies.items())
        return made


def read_credentials(path: Path | None) -> dict[str, Credential]:
    """Raises `ValueError` naming the file, the field and the cure, never a value. No file: none."""
    return read_secrets(path, Credential, "HAETAE_CREDENTIALS_FILE", '[name] and below it headers = {Name = "…"}')
