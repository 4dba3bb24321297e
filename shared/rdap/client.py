"""`Rdap`: ask the registries. Keeps the directory and the answers for a day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import quote

from shared.clock import Clock
from shared.net import Fetcher
from shared.rdap.asking import MAX_BYTES, Asking
from shared.rdap.directory import Servers, for_address, for_domain, servers
from shared.rdap.failures import RdapFailed, Why
from shared.rdap.records import Network, Registration, network, registration
from shared.rdap.remembered import Remembered
from shared.rdap.shapes import Json, parsed

Record = TypeVar("Record", Registration, Network)
MAX_DIRECTORY = 2 * 1024 * 1024  # IANA's has 80 KB


@dataclass(frozen=True)
class Answer(Generic[Record]):
    """`url` answered `body` at `at`, which says `record`."""

    url: str
    at: datetime
    body: bytes
    record: Record


Known = Answer[Registration] | Answer[Network]


class Rdap:
    """`bootstrap`: address of the folder with `dns.json`, `ipv4.json` and `ipv6.json` (RFC 9224); empty asks nobody.

    Share it. It needs no closing.
    """

    def __init__(self, fetcher: Fetcher, bootstrap: str, clock: Clock) -> None:
        self._bootstrap, self._clock = bootstrap, clock
        self._asking = Asking(fetcher, clock)
        self._directories: Remembered[Servers] = Remembered(clock.monotonic)
        self._domains: Remembered[Answer[Registration]] = Remembered(clock.monotonic)
        self._networks: Remembered[Answer[Network]] = Remembered(clock.monotonic)

    async def domain(self, name: str) -> Answer[Registration]:
        """The registry's answer about a registered domain (`registered_domain`), in its ASCII form."""
        return await self._object("dns", f"domain/{quote(name)}", for_domain, name, registration, self._domains)

    async def onward(self, answer: Answer[Registration]) -> Answer[Registration] | None:
        """The registrar's own answer, where the registry links one: it knows the registrant, where the registry does
        not. Raises `RdapFailed`."""
        url = answer.record.onward
        if not url or url == answer.url:
            return None
        return await self._answer(url, registration, self._domains)

    async def network(self, address: str) -> Answer[Network]:
        """The registry's answer about the network that an address belongs to. Raises `RdapFailed`."""
        file = "ipv6" if ":" in address else "ipv4"
        return await self._object(file, f"ip/{quote(address, safe=':')}", for_address, address, network, self._networks)

    async def _object(
        self,
        file: str,
        path: str,
        choose: Callable[[Servers, str], str | None],
        name: str,
        read: Callable[[dict[str, Json], str], Record],
        kept: Remembered[Answer[Record]],
    ) -> Answer[Record]:
        server = choose(await self._directory(file), name)
        if server is None:
            raise RdapFailed(f"the directory names no server for {name}", Why.NO_SERVER)
        return await self._answer(server + path, read, kept)

    async def _answer(
        self, url: str, read: Callable[[dict[str, Json], str], Record], kept: Remembered[Answer[Record]]
    ) -> Answer[Record]:
        if (known := kept.get(url)) is not None:
            return known
        at = self._clock.now()
        fetched = await self._asking.get(url, MAX_BYTES)
        record = read(parsed(fetched.body, fetched.final_url), fetched.final_url)
        answer = Answer(fetched.final_url, at, fetched.body, record)
        kept.put(url, answer, len(fetched.body))
        return answer

    async def _directory(self, file: str) -> Servers:
        if not self._bootstrap:
            raise RdapFailed("HAETAE_RDAP_BOOTSTRAP is empty: nobody is asked", Why.OFF)
        if (known := self._directories.get(file)) is not None:
            return known
        url = f"{self._bootstrap.rstrip('/')}/{file}.json"
        try:
            fetched = await self._asking.get(url, MAX_DIRECTORY)
        except RdapFailed as error:
            if (former := self._directories.get(file, late=True)) is not None:
                return former
            why = Why.AWAY if error.why is Why.NOT_FOUND else error.why  # of a directory, not of what is asked about
            raise RdapFailed(f"the directory: {error}", why) from error
        if not (found := servers(parsed(fetched.body, url))):
            raise RdapFailed(f"{url}: the directory names no server at all", Why.BROKEN)
        self._directories.put(file, found, len(fetched.body))
        return found
