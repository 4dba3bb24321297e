"""A key service on loopback that answers as the transit engine of HashiCorp Vault and OpenBao does, for one key.

From the engine's API documentation: AES-256-GCM, versions of a key, `associated_data`, ciphertexts `vault:v<n>:` and
base64, 400 for what does not decrypt, 403 without the token, 503 while sealed.
"""

import base64
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.web import serving

TOKEN = "a-token-for-tests"


class TransitPeer:
    def __init__(self) -> None:
        self.keys = [os.urandom(32)]
        self.sealed = False
        self.says: Callable[[], Response] | None = None  # instead of every answer
        self.url = ""

    def rotate(self) -> None:
        self.keys.append(os.urandom(32))

    async def keys_of(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse(
            {"data": {"latest_version": len(self.keys), "type": "aes256-gcm96"}}
        )

    async def encrypt(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked, nonce = await request.json(), os.urandom(12)
        plain, bound = base64.b64decode(asked["plaintext"]), base64.b64decode(asked.get("associated_data", ""))
        sealed = base64.b64encode(nonce + AESGCM(self.keys[-1]).encrypt(nonce, plain, bound)).decode()
        return JSONResponse(
            {"data": {"ciphertext": f"vault:v{len(self.keys)}:{sealed}", "key_version": len(self.keys)}}
        )

    async def decrypt(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked: dict[str, Any] = await request.json()
        try:
            _, version, text = asked["ciphertext"].split(":")
            sealed = base64.b64decode(text)
            bound = base64.b64decode(asked.get("associated_data", ""))
            plain = AESGCM(self.keys[int(version[1:]) - 1]).decrypt(sealed[:12], sealed[12:], bound)
        except (InvalidTag, ValueError, IndexError):
            return JSONResponse({"errors": ["cipher: message authentication failed"]}, 400)
        return JSONResponse({"data": {"plaintext": base64.b64encode(plain).decode()}})

    def _refused(self, request: Request) -> Response | None:
        if self.says is not None:
            return self.says()
        if self.sealed:
            return JSONResponse({"errors": ["Vault is sealed"]}, 503)
        if request.headers.get("x-vault-token") != TOKEN:
            return JSONResponse({"errors": ["permission denied"]}, 403)
        if request.path_params["name"] != "haetae":
            return JSONResponse({"errors": ["encryption key not found"]}, 400)
        return None


@asynccontextmanager
async def transit_peer() -> AsyncIterator[TransitPeer]:
    peer = TransitPeer()
    routes = [
        Route("/v1/transit/keys/{name}", peer.keys_of),
        Route("/v1/transit/encrypt/{name}", peer.encrypt, methods=["POST"]),
        Route("/v1/transit/decrypt/{name}", peer.decrypt, methods=["POST"]),
    ]
    async with serving(Starlette(routes=routes), "127.0.0.1", 0) as port:
        peer.url = f"http://127.0.0.1:{port}"
        yield peer
