"""Time stamps from the agency's authorities: asked side by side, checked on receipt (RFC 3161 over HTTP, 3.4)."""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import httpx
import structlog
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from shared.clock import Clock
from shared.observing import calling
from shared.stamps.authorities import Authority
from shared.stamps.verifying import BadStamp, Stamped, checked
from shared.version import VERSION

log = structlog.get_logger(__name__)

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
LONGEST_REPLY = 64 * 1024  # a stamp with a chain of four RSA certificates is 7 KB
# One that gave no stamp is left alone for a while, each time for longer: a capture must not wait for it again and
# again, and one that is away for a day is asked six times an hour.
FIRST_REST_S, LONGEST_REST_S = 15.0, 600.0
HEADERS = {
    "content-type": QUERY,
    "accept": REPLY,
    "accept-encoding": "identity",  # what is not compressed cannot grow when it is unpacked
    "user-agent": f"Haetae/{VERSION}",
}


class Away(Exception):
    """The authority gave no answer that is a stamp; the message says why."""


class Stamping:
    """The authorities by name, and how they are asked. `seconds`: the longest wait for one."""

    def __init__(self, authorities: Sequence[Authority], seconds: float, clock: Clock) -> None:
        self._by_name = {authority.name: authority for authority in authorities}
        self._seconds, self._clock = seconds, clock
        self._failures: dict[str, int] = {}
        self._rests_until: dict[str, float] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._by_name)

    async def __aenter__(self) -> Self:
        # Neither redirects nor proxies of the environment: what is stamped goes where the file says.
        self._http = httpx.AsyncClient(timeout=self._seconds, trust_env=False, headers=HEADERS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def all(self, message: bytes, covers: str) -> tuple[tuple[Stamped, ...], Mapping[str, str]]:
        """Stamps over the message from all at once; by name, why the others gave none. Never takes longer than one."""
        names = self.names
        tries = await asyncio.gather(*(self._unless_resting(name, message, covers) for name in names))
        stamps = tuple(one for one in tries if isinstance(one, Stamped))
        return stamps, {name: one for name, one in zip(names, tries, strict=True) if isinstance(one, str)}

    async def one(self, name: str, message: bytes, covers: str) -> Stamped:
        """Raises `Away`, after which it is left alone for a while; `KeyError` for a name that the file has not."""
        authority = self._by_name[name]
        request = (
            TimestampRequestBuilder()
            .data(message)
            .hash_algorithm(HashAlgorithm.SHA256)
            .nonce(nonce=True)
            .cert_request(cert_request=True)
            .build()
        )
        try:
            with calling("stamps", "time stamp"):
                async with asyncio.timeout(self._seconds):
                    answer = await self._post(authority.url, request.as_bytes())
                stamp = checked(answer, request, message, covers, authority, self._clock.now())
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, BadStamp) as error:
            self._rest(name)
            why = str(error) or f"{type(error).__name__} within {self._seconds:g} s"
            log.warning("no time stamp", authority=name, reason=why)
            raise Away(why) from error
        self._failures.pop(name, None)
        return stamp

    def rests(self, name: str) -> bool:
        """Whether it gave no stamp a while ago and is left alone."""
        return self._rests_until.get(name, 0.0) > self._clock.monotonic()

    def _rest(self, name: str) -> None:
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        self._rests_until[name] = self._clock.monotonic() + rest_s(failures)

    async def _unless_resting(self, name: str, message: bytes, covers: str) -> Stamped | str:
        if self.rests(name):
            return "it gave no stamp a moment ago"
        try:
            return await self.one(name, message, covers)
        except Away as error:
            return str(error)

    async def _post(self, url: str, query: bytes) -> bytes:
        async with self._http.stream("POST", url, content=query) as answer:
            if answer.status_code != httpx.codes.OK:
                raise BadStamp(f"it answers {answer.status_code}")
            if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != REPLY:
                raise BadStamp(f"its answer is no {REPLY}")
            return await bounded(answer, LONGEST_REPLY)


def rest_s(failures: int) -> float:
    """After so many in a row."""
    return min(FIRST_REST_S * float(2 ** min(failures - 1, 16)), LONGEST_REST_S)


async def bounded(answer: httpx.Response, longest: int) -> bytes:
    """The body as it was sent. Raises `BadStamp` for one that is longer."""
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > longest:
            raise BadStamp(f"its answer is longer than {longest} bytes")
    return bytes(body)
