"""`Fetcher`: GET over the guard, with limits on time, size and redirects."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import httpx

from shared.net.allowed import read_hosts
from shared.net.asked import Asked, Origin
from shared.net.body import body_of
from shared.net.connections import Connections
from shared.net.decoding import ACCEPT_ENCODING
from shared.net.dialing import THROUGH_EXIT_S, Dialer
from shared.net.exits import read_exits
from shared.net.failures import Fault, FetchFailed
from shared.net.fetched import Fetched, location_of
from shared.net.guard import Guard, port_of
from shared.net.names import Names
from shared.net.resolving import Resolve
from shared.net.settings import NetSettings
from shared.net.tls import tls_context
from shared.observing import To, calling

REDIRECTS = frozenset({301, 302, 303, 307, 308})
GET = {"http.request.method": "GET"}
SECRETS = frozenset({"authorization", "cookie", "proxy-authorization"})


class Fetcher:
    """Enter it once and share it: it keeps connections and names.

    Raises `AddressRefused` for what the guard refuses (checked again at every redirect and every connection) and
    `FetchFailed` for every answer that did not arrive whole. A status like 404 or 503 is an answer.
    """

    def __init__(self, settings: NetSettings, resolve: Resolve | None = None) -> None:
        self.settings = settings
        self._resolve = resolve
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        settings = self.settings
        allowed, exits = read_hosts(settings.allowed_hosts_file), read_exits(settings.exits_file)
        tls = tls_context(settings.ca_file)
        self._guard = Guard(allowed, self._resolve or await self._names())
        self._connections = Connections(Dialer(self._guard, exits, tls, settings.pace))
        self._open.callback(self._connections.close)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def get(
        self,
        url: str,
        *,
        user_agent: str | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        redirects: int = 5,
        exit: str | None = None,
        cut: bool = False,
        timeout_s: float | None = None,
        fresh: bool = False,
        to: To = "site",
    ) -> Fetched:
        """`redirects=0` hands a redirect back as it is; more than `redirects` in a row is a failure.

        `exit`: the proxy of that name. `cut`: a body beyond `max_bytes` (default: `max_page_bytes`) is cut off there
        instead of being a failure; a bomb is one all the same. `timeout_s`: in place of `fetch_timeout_s`.
        `fresh`: over connections of its own, made for it and closed after it.
        `to`: who is asked, for figures.
        """
        sent = self._headers(user_agent, headers)
        limit = max_bytes or self.settings.max_page_bytes
        most_s = (timeout_s or self.settings.fetch_timeout_s) + (THROUGH_EXIT_S if exit else 0.0)
        with calling(to, "GET", GET) as call:
            fetched = await self._got(url, sent, limit, most_s, redirects, exit, cut, fresh)
            call.says({"http.response.status_code": fetched.status, "http.response.body.size": len(fetched.body)})
            return fetched

    async def _got(
        self,
        url: str,
        sent: tuple[tuple[str, str], ...],
        limit: int,
        most_s: float,
        redirects: int,
        exit: str | None,
        cut: bool,
        fresh: bool,
    ) -> Fetched:
        try:
            async with asyncio.timeout(most_s):
                target = self._guard.vet(url)
                for left in range(redirects, -1, -1):
                    asked = _asked(target, sent, exit, limit, whole=not cut)
                    fetched = await self._ask(asked, url, fresh)
                    location = location_of(fetched.headers)
                    if fetched.status not in REDIRECTS or not location or not redirects:
                        return fetched
                    if left:
                        onward = self._guard.vet(joined(target, location))
                        sent = sent if same_origin(target, onward) else without_secrets(sent)
                        target = onward
        except TimeoutError as error:
            raise FetchFailed(f"{url}: no whole answer within {most_s:g} s", Fault.TIMEOUT) from error
        raise FetchFailed(f"{url}: more than {redirects} redirects", Fault.REDIRECTS)

    def allows(self, host: str) -> bool:
        """Whether the operator said which addresses this name has: nobody is asked for them."""
        return self._guard.allows(host)

    async def _names(self) -> Resolve:
        return await self._open.enter_async_context(Names(self.settings.name_servers))

    def _headers(self, user_agent: str | None, headers: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
        given = {name.lower(): value for name, value in (headers or {}).items()}
        ours = {"user-agent": user_agent or self.settings.user_agent, "accept": "*/*"}
        ours |= given | {"accept-encoding": ACCEPT_ENCODING}
        return tuple((name.title(), value) for name, value in ours.items())

    async def _ask(self, asked: Asked, url: str, fresh: bool) -> Fetched:
        answer = await (self._connections.ask_anew(asked) if fresh else self._connections.ask(asked))
        body, cut = body_of(answer, asked)
        return Fetched(
            url=url,
            final_url=asked.url,
            status=answer.status,
            headers={name.lower(): value for name, value in answer.headers},
            body=body,
            address=answer.address,
            raw_headers=answer.headers,
            http_version=answer.http_version,
            cut=cut,
            secured=answer.secured,
            sent=asked.headers,
            exit=asked.origin.exit or "",
        )


def _asked(target: httpx.URL, headers: tuple[tuple[str, str], ...], exit: str | None, limit: int, whole: bool) -> Asked:
    origin = Origin(target.scheme, target.raw_host.decode("ascii"), port_of(target), exit)
    return Asked(
        str(target), origin, target.netloc.decode("ascii"), target.raw_path.decode("ascii"), headers, limit, whole
    )


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    return (one.scheme, one.raw_host, port_of(one)) == (other.scheme, other.raw_host, port_of(other))


def without_secrets(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """For another origin than the one that the headers were meant for."""
    return tuple(field for field in headers if field[0].lower() not in SECRETS)


def joined(base: httpx.URL, location: str) -> str:
    """Where a redirect leads. Raises `FetchFailed` when that is no URL."""
    try:
        return str(base.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchFailed(f"{base}: redirects to {location[:200]!r}, which is no URL", Fault.REDIRECTS) from error
