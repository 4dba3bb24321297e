"""Wrapping by a key service: the transit engine of HashiCorp Vault or OpenBao, which never gives its keys out.

`POST /v1/<mount>/encrypt/<key>` and `/decrypt/<key>` with `associated_data` (API of the transit secrets engine; the key
must be of an authenticated kind, `aes256-gcm96`). The token may do that with this one key and read its newest version.
"""

import asyncio
import base64
import json
import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import certifi
import httpx
from pydantic import SecretStr

from shared.failures import Rejected, Transient
from shared.objects.cipher import KEY_BYTES, Tampered
from shared.observing import calling

CIPHERTEXT = re.compile(r"vault:v([0-9]{1,9}):[A-Za-z0-9+/=]+")
TOKEN = re.compile(r"[!-~]+")  # what a header may hold; a client that refuses it would repeat it in its error
MAX_ANSWER = 64 * 1024  # bytes; a wrapped key has 90
SECONDS = 5.0  # of a whole answer, which takes milliseconds; the runner tries again
HEADERS = {"X-Vault-Request": "true", "accept-encoding": "identity"}  # what is not compressed cannot grow


class Transit:
    """`token_file` is read for every request: who renews the token replaces the file."""

    def __init__(self, url: str, mount: str, key: str, token: SecretStr | None, token_file: Path | None) -> None:
        if not url.startswith(("https://", "http://")):
            raise ValueError("HAETAE_TRANSIT_URL must begin with https:// (or http:// within one machine)")
        if (token is None) == (token_file is None):
            raise ValueError("set HAETAE_TRANSIT_TOKEN or HAETAE_TRANSIT_TOKEN_FILE beside HAETAE_TRANSIT_URL")
        self._base, self._key = f"{url.rstrip('/')}/v1/{mount.strip('/')}", key
        self._token, self._token_file = token, token_file
        trusted = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where())
        # Neither redirects nor proxies of the environment: keys go where the setting says.
        self._http = httpx.AsyncClient(verify=trusted, timeout=SECONDS, trust_env=False, headers=HEADERS)
        self.name = f"transit key {key}"

    async def aclose(self) -> None:
        await self._http.aclose()

    def wrapped(self, value: bytes) -> bool:
        return value.startswith(b"vault:v")

    async def current(self, value: bytes) -> bool:
        if not (match := CIPHERTEXT.fullmatch(value.decode(errors="replace"))):
            return False
        newest = (await self._ask("GET", f"keys/{self._key}")).get("latest_version")
        return isinstance(newest, int) and int(match[1]) >= newest

    async def wrap(self, key: bytes, place: bytes) -> bytes:
        answer = await self._ask("POST", f"encrypt/{self._key}", {"plaintext": _text(key), **_bound(place)})
        ciphertext = answer.get("ciphertext")
        if not (isinstance(ciphertext, str) and CIPHERTEXT.fullmatch(ciphertext)):
            raise Transient(f"{self._base} gave no ciphertext")
        return ciphertext.encode()

    async def unwrap(self, value: bytes, place: bytes) -> bytes:
        asked = {"ciphertext": value.decode(errors="replace"), **_bound(place)}
        plaintext = (await self._ask("POST", f"decrypt/{self._key}", asked)).get("plaintext")
        try:
            key = base64.b64decode(str(plaintext), validate=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise Transient(f"{self._base} gave no key of {KEY_BYTES} bytes")
        return key

    async def _ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Raises `Tampered` for what does not decrypt, `Rejected` for a key that is not there, else `Transient`."""
        url = f"{self._base}/{path}"
        try:
            with calling("keys", method, {"http.request.method": method}) as call:
                async with asyncio.timeout(SECONDS):
                    status, data = await self._send(method, url, body)
                call.says({"http.response.status_code": status})
        except (httpx.HTTPError, OSError) as error:  # a `TimeoutError` is an `OSError`
            raise Transient(f"the key service {self._base} does not answer: {error or type(error).__name__}") from error
        if status == 400 and method == "POST" and "decrypt" in path:
            raise Tampered(f"the key service {self._base} does not open a wrapped key: it was changed or moved")
        if status == 403:  # tokens expire and are renewed: what needs one waits for that
            raise Transient(f"the key service refuses the token for {path}: renew it, or look at its policy")
        if status in (400, 404):
            raise Rejected(f"the key service refuses {path} ({status}): look at HAETAE_TRANSIT_MOUNT and _KEY")
        if status != 200:
            raise Transient(f"the key service {self._base} answers {status}: is it sealed?")
        try:
            answer = json.loads(data)["data"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Transient(f"the key service {self._base} answers something else than it should") from error
        return answer if isinstance(answer, dict) else {}

    async def _send(self, method: str, url: str, body: Mapping[str, str] | None) -> tuple[int, bytes]:
        headers, data = {"X-Vault-Token": self._read_token()}, bytearray()
        async with self._http.stream(method, url, headers=headers, json=body) as answer:
            async for part in answer.aiter_raw():
                data += part
                if len(data) > MAX_ANSWER:
                    raise Transient(f"the key service {self._base} answers with more than {MAX_ANSWER:,} bytes")
            return answer.status_code, bytes(data)

    def _read_token(self) -> str:
        """Raises `Transient`, also while the file is written: an empty token would look like a key that is wrong."""
        token = self._token.get_secret_value() if self._token else ""
        if self._token_file:
            token = self._token_file.read_text(errors="replace")
        if not TOKEN.fullmatch(token := token.strip()):
            raise Transient("HAETAE_TRANSIT_TOKEN or its file holds no token: one line of ASCII without blanks")
        return token


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bound(place: bytes) -> dict[str, str]:
    return {"associated_data": _text(place)}
