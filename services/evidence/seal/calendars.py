"""OpenTimestamps calendars: servers that put many digests into one Bitcoin transaction, spoken to in their own protocol
(`POST /digest`, `GET /timestamp/HEX`).

The library is imported when a calendar is asked, never before: most agencies use none. Its client is not used, because
it blocks and follows redirects. That Bitcoin has the block is not checked here, it takes a Bitcoin node: `ots verify`.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import structlog

from shared.observing import calling
from shared.stamps.stamping import bounded
from shared.stamps.verifying import BadStamp
from shared.version import VERSION

log = structlog.get_logger(__name__)

TYPE = "application/vnd.opentimestamps.v1"
LONGEST_ANSWER = 10_000  # as the library's own client has it
LONGEST = 10 * LONGEST_ANSWER  # of a whole proof: a calendar could add to it for ever
NONCE_BYTES = 16
UNREADABLE = (ValueError, TypeError, AssertionError, RecursionError)  # what the library raises beside its own error
HEADERS = {"accept": TYPE, "accept-encoding": "identity", "user-agent": f"Haetae/{VERSION}"}


class NoProof(Exception):
    """No calendar took the digest, or none has more than it had; the message says why."""


def read(given: str) -> tuple[str, ...]:
    """Raises `ValueError` naming the setting and the cure."""
    urls = tuple(url.strip().rstrip("/") for url in given.split(",") if url.strip())
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ValueError(f"HAETAE_OTS_CALENDARS: {url!r} is not https://HOST; separate several by commas")
    return urls


class Calendars:
    """`random`: bytes that nobody can guess, as many as asked."""

    def __init__(self, urls: Sequence[str], seconds: float, random: Callable[[int], bytes] = os.urandom) -> None:
        self._urls, self._seconds, self._random = tuple(urls), seconds, random

    async def __aenter__(self) -> Self:
        self._http = httpx.AsyncClient(timeout=self._seconds, trust_env=False, headers=HEADERS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def submit(self, document: bytes) -> bytes:
        """A pending proof that the document existed. Raises `NoProof` when no calendar took it."""
        from opentimestamps.core.op import OpAppend, OpSHA256
        from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp

        whole = DetachedTimestampFile(OpSHA256(), Timestamp(hashlib.sha256(document).digest()))
        # Calendars are public: of the seal they see a digest that nobody can look for.
        blinded = whole.timestamp.ops.add(OpAppend(self._random(NONCE_BYTES))).ops.add(OpSHA256())
        answers = await asyncio.gather(*(self._submitted(url, blinded.msg) for url in self._urls))
        taken = [one for one in answers if one is not None]
        for one in taken:
            blinded.merge(one)
        if not taken:
            raise NoProof("no calendar took the digest")
        return _written(whole)

    async def upgraded(self, proof: bytes) -> tuple[bytes, bool]:
        """The proof with all that its calendars have by now, and whether Bitcoin attests it. Raises `NoProof` when
        they have no more than before."""
        from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation

        whole = _read(proof)
        if whole is None:
            raise NoProof("what is kept is no proof: it was changed")
        nodes = [(node, one.uri) for node, one in _attested(whole.timestamp) if isinstance(one, PendingAttestation)]
        asked = [(node, uri.rstrip("/")) for node, uri in nodes if uri.rstrip("/") in self._urls]
        answers = await asyncio.gather(*(self._completed(uri, node.msg) for node, uri in asked))
        for (node, _), answer in zip(asked, answers, strict=True):
            if answer is not None:
                node.merge(answer)
        better = _written(whole)
        if better == proof:
            raise NoProof("the calendars have no more yet")
        if _read(better) is None:
            raise NoProof("what the calendars added is too deep or too long to be read again")
        kinds = {type(one) for _, one in _attested(whole.timestamp)}
        return better, BitcoinBlockHeaderAttestation in kinds

    async def _submitted(self, url: str, digest: bytes) -> Any | None:  # noqa: ANN401  # the library has no types
        from opentimestamps.core.notary import PendingAttestation

        answer = await self._asked("POST", f"{url}/digest", digest, digest)
        named = {one.uri.rstrip("/") for _, one in _attested(answer) if isinstance(one, PendingAttestation)}
        if answer is not None and not named <= set(self._urls):
            log.warning(
                "a calendar leads to another", calendar=url, cure="name that one in HAETAE_OTS_CALENDARS instead"
            )
            return None
        return answer

    async def _completed(self, url: str, digest: bytes) -> Any | None:  # noqa: ANN401  # the library has no types
        return await self._asked("GET", f"{url}/timestamp/{digest.hex()}", None, digest)

    async def _asked(self, method: str, url: str, body: bytes | None, digest: bytes) -> Any | None:  # noqa: ANN401  # untyped
        """The calendar's Timestamp of the digest; None when it gives none."""
        try:
            with calling("calendars", method, {"http.request.method": method}):
                async with asyncio.timeout(self._seconds), self._http.stream(method, url, content=body) as answer:
                    if answer.status_code == httpx.codes.NOT_FOUND and body is None:
                        return None  # it waits for the next block
                    if answer.status_code != httpx.codes.OK:
                        raise BadStamp(f"it answers {answer.status_code}")
                    data = await bounded(answer, LONGEST_ANSWER)
            return _timestamp(data, digest)
        except (httpx.HTTPError, TimeoutError, BadStamp) as error:
            log.warning("no answer of a calendar", url=url, reason=str(error) or type(error).__name__)
            return None


def _timestamp(data: bytes, digest: bytes) -> Any:  # noqa: ANN401  # the library has no types
    from opentimestamps.core.serialize import BytesDeserializationContext, DeserializationError
    from opentimestamps.core.timestamp import Timestamp

    context = BytesDeserializationContext(data)
    try:
        made = Timestamp.deserialize(context, digest)
        context.assert_eof()
    except (DeserializationError, *UNREADABLE) as error:
        raise BadStamp(f"its answer is no timestamp ({type(error).__name__})") from error
    return made


def _attested(timestamp: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401  # the library has no types
    """Each attestation with the timestamp that it stands in."""
    if timestamp is None:
        return []
    own = [(timestamp, attestation) for attestation in timestamp.attestations]
    return own + [found for below in timestamp.ops.values() for found in _attested(below)]


def _read(proof: bytes) -> Any | None:  # noqa: ANN401  # the library has no types
    from opentimestamps.core.serialize import BytesDeserializationContext, DeserializationError
    from opentimestamps.core.timestamp import DetachedTimestampFile

    try:
        return DetachedTimestampFile.deserialize(BytesDeserializationContext(proof)) if len(proof) < LONGEST else None
    except (DeserializationError, *UNREADABLE):
        return None


def _written(whole: Any) -> bytes:  # noqa: ANN401  # the library has no types
    from opentimestamps.core.serialize import BytesSerializationContext

    context = BytesSerializationContext()
    whole.serialize(context)
    return bytes(context.getbytes())
