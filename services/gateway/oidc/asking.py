"""Requests to the identity provider: bounded in time and size, to no other place than it names over TLS."""

import asyncio
import ipaddress
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from shared.observing import calling

MAX_ANSWER = 256 * 1024  # bytes: metadata and a dozen keys with certificates are some 50 KiB
TIMEOUT_S = 10.0  # somebody waits at the door


class Unanswered(Exception):
    """The provider is away, or its answer cannot be used; the message says which, without anything of the answer."""


class Asker:
    """`ca`: certificates that the provider's is checked against, instead of the system's."""

    def __init__(self, ca: Path | None = None) -> None:
        self._tls: ssl.SSLContext | bool = ssl.create_default_context(cafile=str(ca)) if ca else True

    async def get(self, url: str) -> dict[str, Any]:
        return await self._ask("GET", url)

    async def post(self, url: str, form: Mapping[str, str], basic: tuple[str, str] | None) -> dict[str, Any]:
        return await self._ask("POST", url, form, httpx.BasicAuth(*basic) if basic else None)

    async def _ask(
        self, method: str, url: str, form: Mapping[str, str] | None = None, auth: httpx.Auth | None = None
    ) -> dict[str, Any]:
        """An answer of status 200 that is a JSON object. Raises `Unanswered`."""
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            with calling("oidc", method, {"http.request.method": method}):
                async with (
                    asyncio.timeout(TIMEOUT_S),  # httpx bounds each part of the answer alone
                    httpx.AsyncClient(
                        verify=self._tls, timeout=TIMEOUT_S, trust_env=False, follow_redirects=False
                    ) as client,
                    client.stream(method, url, data=form, auth=auth, headers=headers) as answer,
                ):
                    return read(answer.status_code, await bounded(answer))
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unanswered(f"{type(error).__name__} at {place(url)}") from error


async def bounded(answer: httpx.Response) -> bytes:
    body = b""
    async for part in answer.aiter_raw():  # a few packed bytes could be a thousand times as many
        body += part
        if len(body) > MAX_ANSWER:
            raise Unanswered("the answer is too large")
    return body


def read(status: int, body: bytes) -> dict[str, Any]:
    """Raises `Unanswered`."""
    if status != 200:
        raise Unanswered(f"the answer has status {status}")
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unanswered("the answer is no JSON") from error
    if not isinstance(told, dict):
        raise Unanswered("the answer is no object")
    return told


def place(url: str) -> str:
    return urlsplit(url).hostname or "no host"


def secure(url: str) -> bool:
    """HTTPS, or this machine."""
    split = urlsplit(url)
    return bool(split.hostname) and (split.scheme == "https" or (split.scheme == "http" and here(split.hostname or "")))


def here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
