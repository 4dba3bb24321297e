"""One question to one RDAP server, or to the directory: over the guarded fetcher, once, within its time."""

import httpx

from shared.clock import Clock
from shared.net import AddressRefused, Fetched, Fetcher, FetchFailed
from shared.rdap.failures import RdapFailed, Why
from shared.rdap.resting import BUSY, Resting

ACCEPT = {"accept": "application/rdap+json, application/json;q=0.9"}
ASK_S = 1.5  # while a page is drawn beside it; who is slower is not worth a takedown's delay
MAX_BYTES = 512 * 1024  # answers have 5-20 KB, the largest with all their remarks 100
MAX_REDIRECTS = 3  # from one regional registry to the next (RFC 7480, 5.2)


class Asking:
    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher, self._resting = fetcher, Resting(clock)

    async def get(self, url: str, max_bytes: int = MAX_BYTES) -> Fetched:
        """An answer with status 200. Raises `RdapFailed`."""
        server = host_of(url)
        if left_s := self._resting.left_s(server):
            raise RdapFailed(f"{server} asked to be left alone for another {left_s:.0f} s", Why.RESTING)
        try:
            answer = await self._fetcher.get(
                url, headers=ACCEPT, max_bytes=max_bytes, redirects=MAX_REDIRECTS, timeout_s=ASK_S, to="rdap"
            )
        except (AddressRefused, FetchFailed) as error:
            raise RdapFailed(str(error), Why.AWAY) from error
        if answer.status in BUSY:
            for busy in {server, host_of(answer.final_url)}:
                seconds = self._resting.rest(busy, answer.headers.get("retry-after"))
            what = f"answers {answer.status} and is left alone for {seconds:.0f} s"
            raise RdapFailed(f"{answer.final_url} {what}", Why.RESTING)
        if answer.status == 404:
            raise RdapFailed(f"{answer.final_url} answers 404: there is no such object", Why.NOT_FOUND)
        if answer.status != 200:
            raise RdapFailed(f"{answer.final_url} answers {answer.status}", Why.AWAY)
        return answer


def host_of(url: str) -> str:
    """Host and port. Raises `RdapFailed` for what is no address, as servers write it into their links."""
    try:
        host = httpx.URL(url).netloc.decode("ascii")
    except (httpx.InvalidURL, ValueError) as error:
        raise RdapFailed("the address of an RDAP server is no URL", Why.BROKEN) from error
    if not host:
        raise RdapFailed("the address of an RDAP server names no host", Why.BROKEN)
    return host
