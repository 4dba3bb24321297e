"""The front: listens, logs in, decides, passes on."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

from kio.schema.index import api_key_map

from deploy.access.acls import Acls
from tests.support.guarded_broker.apis import APIS
from tests.support.guarded_broker.deciding import decide, merged, narrowed, refusing
from tests.support.guarded_broker.login import Login, Passwords
from tests.support.guarded_broker.wire import (
    Request,
    answered,
    answering,
    asked_again,
    made,
    parse,
    part,
    read_frame,
    write_frame,
)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HOST = "localhost"
SASL = {"sasl_handshake": (17, 0, 1), "sasl_authenticate": (36, 0, 2)}


class GuardedBroker:
    """`agencies` and `services` are its addresses: the first wants a password (SCRAM), the second a certificate."""

    def __init__(self, upstream: str, users: Iterable[Mapping[str, Any]], passwords: Mapping[str, str]) -> None:
        self._upstream = upstream
        self._acls, self.passwords = Acls.of(users), Passwords(passwords)
        self.agencies = self.services = ""
        self.refused: list[tuple[str, str]] = []  # principal, API

    async def open(self, listener: str, tls: ssl.SSLContext | None) -> asyncio.Server:
        server = await asyncio.start_server(lambda r, w: self._serve(listener, r, w), "127.0.0.1", 0, ssl=tls)
        setattr(self, listener, f"{HOST}:{server.sockets[0].getsockname()[1]}")
        return server

    async def _serve(self, listener: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self._upstream.rpartition(":")
        login = Login(self.passwords) if listener == "agencies" else None
        principal = None if login else _common_name(writer)
        upstream = await asyncio.open_connection(host, int(port))
        try:
            with suppress(EOFError, ConnectionError, KeyError, ValueError, ssl.SSLError):
                while True:
                    request = parse(await read_frame(reader))
                    write_frame(writer, await self._answer(request, listener, login, principal, upstream))
                    await writer.drain()
                    if login:
                        principal = login.user
                        if login.failed:
                            return
        finally:
            for one in (upstream[1], writer):
                one.close()

    async def _answer(
        self, request: Request, listener: str, login: Login | None, principal: str | None, upstream: Streams
    ) -> bytes:
        if request.api == "api_versions":
            return self._versions(request, await _pass_on(request.frame, upstream))
        if login and request.api in SASL:
            return answering(request, login.answer(request))
        if principal is None:
            raise ValueError("a request before the log-in")
        return await self._decided(request, listener, principal, upstream)

    async def _decided(self, request: Request, listener: str, principal: str, upstream: Streams) -> bytes:
        if request.api == "produce" and request.body.acks == 0:
            raise ValueError("a producer that waits for nobody gets no answer, so no refusal either")
        verdict = decide(request, self._acls, principal)
        if verdict.whole is not None or verdict.refused:
            self.refused.append((principal, request.api))
        if verdict.whole is not None or (verdict.refused and not verdict.allowed and request.api != "metadata"):
            return answering(request, refusing(request, verdict))
        frame = await _pass_on(asked_again(request, narrowed(request, verdict)), upstream)
        answer = merged(request, answered(request, frame), verdict, self._acls, principal)
        return answering(request, self._moved(answer, listener))

    def _moved(self, answer: Any, listener: str) -> Any:
        """A client that is told of the broker is told of this."""
        host, _, port = getattr(self, listener).rpartition(":")
        if hasattr(answer, "brokers"):
            return replace(answer, brokers=tuple(replace(one, host=host, port=int(port)) for one in answer.brokers))
        if hasattr(answer, "host") and hasattr(answer, "port"):
            return replace(answer, host=host, port=int(port))
        return answer

    def _versions(self, request: Request, frame: bytes) -> bytes:
        """Of what the broker offers, that which is decided here; and the log-in."""
        answer = answered(request, frame)
        offered = [_narrower(one) for one in answer.api_keys if api_key_map.get(one.api_key) in (*APIS, "api_versions")]
        entry = part(type(answer), "api_keys")
        offered += [made(entry, api_key=key, min_version=low, max_version=high) for key, low, high in SASL.values()]
        return answering(request, replace(answer, api_keys=tuple(offered)))


@asynccontextmanager
async def guarded(
    upstream: str,
    users: Iterable[Mapping[str, Any]],
    passwords: Mapping[str, str],
    *,
    agencies: ssl.SSLContext | None,
    services: ssl.SSLContext | None = None,
) -> AsyncIterator[GuardedBroker]:
    """`users`: Strimzi's KafkaUser resources; `passwords`: of those that have one. `agencies`: TLS of the listener for
    passwords (None: in the clear), `services`: of that for certificates, which has to ask for them (None: there is
    none)."""
    broker = GuardedBroker(upstream, users, passwords)
    servers = [await broker.open("agencies", agencies)]
    if services:
        servers.append(await broker.open("services", services))
    try:
        yield broker
    finally:
        for server in servers:
            server.close()


async def _pass_on(frame: bytes, upstream: Streams) -> bytes:
    write_frame(upstream[1], frame)
    await upstream[1].drain()
    return await read_frame(upstream[0])


def _narrower(offered: Any) -> Any:
    api = APIS.get(api_key_map[offered.api_key])
    if api is None:
        return offered
    low, high = api.versions
    return replace(offered, min_version=max(low, offered.min_version), max_version=min(high, offered.max_version))


def _common_name(writer: asyncio.StreamWriter) -> str:
    certificate = writer.get_extra_info("peercert") or {}
    names = dict(one[0] for one in certificate.get("subject", ()))
    return f"CN={names.get('commonName', '')}"
