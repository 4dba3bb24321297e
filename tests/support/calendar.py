"""An OpenTimestamps calendar in the test's own loop: takes digests, and has them in a block when the test says so."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
from opentimestamps.core.op import OpAppend, OpPrepend, OpSHA256
from opentimestamps.core.serialize import BytesSerializationContext
from opentimestamps.core.timestamp import Timestamp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from shared.web import serving

HEIGHT = 870_000


class Calendar:
    """`url` is set when it is served. `leads_to`: another calendar that its answers name. `broken`: it answers so."""

    def __init__(self) -> None:
        self.url = ""
        self.reset()

    def reset(self) -> None:
        self.leads_to, self.mined = "", False
        self.broken: bytes | None = None
        self.taken: set[bytes] = set()

    async def digest(self, request: Request) -> Response:
        if self.broken is not None:
            return Response(self.broken)
        digest = await request.body()
        made = Timestamp(digest)
        commitment = made.ops.add(OpPrepend(b"calendar")).ops.add(OpSHA256())
        commitment.attestations.add(PendingAttestation(self.leads_to or self.url))
        self.taken.add(commitment.msg)
        return Response(_bytes(made))

    async def timestamp(self, request: Request) -> Response:
        commitment = bytes.fromhex(request.path_params["commitment"])
        if commitment not in self.taken or not self.mined:
            return PlainTextResponse("Pending confirmation in Bitcoin blockchain", 404)
        made = Timestamp(commitment)
        root = made.ops.add(OpAppend(hashlib.sha256(b"the other leaf").digest())).ops.add(OpSHA256())
        root.attestations.add(BitcoinBlockHeaderAttestation(HEIGHT))
        return Response(_bytes(made))


@asynccontextmanager
async def calendar() -> AsyncIterator[Calendar]:
    made = Calendar()
    routes = [
        Route("/digest", made.digest, methods=["POST"]),
        Route("/timestamp/{commitment}", made.timestamp),
    ]
    async with serving(Starlette(routes=routes), "127.0.0.1", 0) as port:
        made.url = f"http://127.0.0.1:{port}"
        yield made


def _bytes(timestamp: Timestamp) -> bytes:
    context = BytesSerializationContext()
    timestamp.serialize(context)
    return bytes(context.getbytes())
