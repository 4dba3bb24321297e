"""Wrapping by a key service: the transit engine of HashiCorp Vault or OpenBao, which never gives its keys out.

`POST /v1/<mount>/encrypt/<key>` and `/decrypt/<key>` with `associated_data` (API of the transit secrets engine; the key
must be of an authenticated kind, `aes256-gcm96`). The token may do that with this one key and read its newest version.
"""

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import urllib3
from pydantic import SecretStr

from shared.failures import Rejected, Transient
from shared.objects.cipher import KEY_BYTES, Tampered
from shared.objects.s3 import pool

CIPHERTEXT = re.compile(r"vault:v(\d+):[A-Za-z0-9+/=]+")
MAX_ANSWER = 64 * 1024  # bytes; a wrapped key has 90
TIMEOUT = urllib3.Timeout(connect=2.0, read=5.0)  # it answers in milliseconds; the runner tries again


class Transit:
    """`token_file` is read for every request: who renews the token replaces the file."""

    def __init__(self, url: str, mount: str, key: str, token: SecretStr | None, token_file: Path | None) -> None:
        if not url.startswith(("https://", "http://")):
            raise ValueError("HAETAE_TRANSIT_URL must begin with https:// (or http:// within one machine)")
        if (token is None) == (token_file is None):
            raise ValueError("set HAETAE_TRANSIT_TOKEN or HAETAE_TRANSIT_TOKEN_FILE beside HAETAE_TRANSIT_URL")
        self._base, self._key = f"{url.rstrip('/')}/v1/{mount.strip('/')}", key
        self._token, self._token_file = token, token_file
        self._pool = pool()
        self.name = f"transit key {key}"

    def close(self) -> None:
        self._pool.clear()

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
        except binascii.Error:
            key = b""
        if len(key) != KEY_BYTES:
            raise Transient(f"{self._base} gave no key of {KEY_BYTES} bytes")
        return key

    async def _ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Raises `Tampered` for what does not decrypt, `Rejected` without the right to it, `Transient` otherwise."""
        url = f"{self._base}/{path}"
        try:
            status, data = await asyncio.to_thread(self._send, method, url, body)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Transient(f"the key service {self._base} does not answer: {error}") from error
        if status == 400 and method == "POST" and "decrypt" in path:
            raise Tampered(f"the key service {self._base} does not open a wrapped key: it was changed or moved")
        if status in (400, 403, 404):
            raise Rejected(f"the key service refuses {path} ({status}): look at the token's policy and the key's name")
        if status != 200:
            raise Transient(f"the key service {self._base} answers {status}: is it sealed?")
        try:
            answer = json.loads(data)["data"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Transient(f"the key service {self._base} answers something else than it should") from error
        return answer if isinstance(answer, dict) else {}

    def _send(self, method: str, url: str, body: Mapping[str, str] | None) -> tuple[int, bytes]:
        token = self._token.get_secret_value() if self._token else _read(self._token_file)
        response = self._pool.request(
            method,
            url,
            headers={"X-Vault-Token": token, "X-Vault-Request": "true"},
            body=json.dumps(body).encode() if body else None,
            timeout=TIMEOUT,
            redirect=False,
            preload_content=False,
        )
        try:
            return response.status, response.read(MAX_ANSWER)
        finally:
            response.close()


def _read(path: Path | None) -> str:
    return path.read_text().strip() if path else ""


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bound(place: bytes) -> dict[str, str]:
    return {"associated_data": _text(place)}
