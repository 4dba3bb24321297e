"""The hosts in this process's hand. Whoever asks a host holds its lease: no two processes ever ask one at a time.

A host comes into hand with the record that dispatched it, or is borrowed for what lies beyond a site: a picture
server, the target of a redirect. It is held by signs of life, and its lease counts for a little less here than in the
database, so that a process that stood still does not ask a host that has gone to another.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog

from services.crawler.frontier import lease_rows
from services.crawler.frontier.claiming import LEASE
from services.crawler.frontier.lease_rows import Terms
from services.crawler.frontier.pacing import NotNow, Pace, Pacer
from shared.clock import Clock
from shared.database import Database
from shared.failures import Transient

log = structlog.get_logger(__name__)

LEASE_S = LEASE.total_seconds()
MARGIN_S = 1.0  # between the last request's beginning and the end of the lease
RENEW_S = LEASE_S / 2  # what is held longer is renewed; most visits are over before
TEND_EVERY_S = 0.5
IDLE_S = 0.5  # a borrowed host is kept so long after its last use: a page's pictures share one server
LEND_S = 5.0  # held longer than that, a host goes to who waits for it
# How long to wait for a host in another hand. It is let go after some five seconds, or when it is seen to be wanted.
MOST_WAIT_S = 30.0
FIRST_LOOK_S, LAST_LOOK_S = 0.1, 0.8
BORROWS_AT_ONCE = 3  # of the eight connections


@dataclass
class _Held:
    until_s: float
    since_s: float
    visiting: bool  # its visits are in hand; else it is borrowed


class Leases:
    """`lost` is told of hosts that are not in hand any more, though visits may still be under way."""

    def __init__(self, database: Database, clock: Clock, holder: UUID) -> None:
        self._database, self._clock, self.holder = database, clock, holder
        self.pacer = Pacer(clock, self)
        self.lost: Callable[[str], None] = lambda host: None
        self._held: dict[str, _Held] = {}
        self._lent: dict[str, float] = {}  # given back at, though somebody here waits for it
        self._borrowing = asyncio.Semaphore(BORROWS_AT_ONCE)

    def until_s(self, host: str) -> float:
        held = self._held.get(host)
        return held.until_s if held else 0.0

    def met(self, taken: Mapping[str, Terms], began_s: float, *, visiting: bool) -> None:
        """These came into hand by a transaction that began at `began_s`."""
        for host, terms in taken.items():
            self._held[host] = _Held(began_s + LEASE_S - MARGIN_S, self._clock.monotonic(), visiting)
            self.pacer.met(host, terms.wait_s, terms.gap_s, terms.failures)

    async def borrow(self, host: str) -> None:
        look_s, end = FIRST_LOOK_S, self._clock.monotonic() + MOST_WAIT_S
        if self._lent.pop(host, 0.0) > self._clock.monotonic() - LAST_LOOK_S:
            await self._clock.sleep(LAST_LOOK_S)  # who else waits for it goes first
        while (now := self._clock.monotonic()) < end:
            if self.until_s(host) > now:
                return
            if await self._borrow(host):
                return
            await self._clock.sleep(look_s)
            look_s = min(look_s * 2, LAST_LOOK_S)
        raise NotNow(host, f"is busy elsewhere: another process asked it for {MOST_WAIT_S:g} s")

    async def _borrow(self, host: str) -> bool:
        try:
            async with self._borrowing, self._database.transaction() as tx:
                began_s = self._clock.monotonic()
                terms = await lease_rows.borrow(tx, self.holder, host)
        except Transient as failure:
            raise NotNow(host, f"cannot be had: {failure}") from failure
        if terms:
            self.met({host: terms}, began_s, visiting=False)
        return terms is not None

    @contextmanager
    def leaving(self, hosts: Iterable[str]) -> Iterator[dict[str, Pace]]:
        """The visits of these are over. Those whose turn somebody still wants are borrowed from now on; the others are
        out of hand, and in hand again should the transaction fail that is told so."""
        over = [host for host in hosts if host in self._held]
        for host in over:
            if self.pacer.is_used(host):
                self._held[host].visiting, self._held[host].since_s = False, self._clock.monotonic()
        with self._out(host for host in over if not self.pacer.is_used(host)) as paces:
            yield paces

    @contextmanager
    def _out(self, hosts: Iterable[str]) -> Iterator[dict[str, Pace]]:
        left = {host: held for host in hosts if (held := self._held.pop(host, None))}
        try:
            yield {host: self.pacer.left(host) for host in left}
        except BaseException:
            self._held = left | self._held
            raise

    async def tend(self) -> None:
        """Renew what is held long, and give back what was borrowed and is not used, or used long enough."""
        now = self._clock.monotonic()
        idle = [host for host, held in self._held.items() if not held.visiting and self._is_over(host, held, now)]
        await self._give_back(idle)
        due = sorted(host for host, held in self._held.items() if held.until_s - now < RENEW_S)
        if due:
            await self._renew(due)

    async def _renew(self, hosts: Sequence[str]) -> None:
        began_s = self._clock.monotonic()
        async with self._database.transaction() as tx:
            still = await lease_rows.renew(tx, self.holder, hosts)
        for host in hosts:
            held = self._held.get(host)
            if held is None:
                continue
            if host in still:
                held.until_s = began_s + LEASE_S - MARGIN_S
            else:
                log.warning("a host went to another process: its visits here are not begun", host=host)
                del self._held[host]
                self.lost(host)
        await self._lend([host for host, wanted in still.items() if wanted])

    async def _lend(self, wanted: Sequence[str]) -> None:
        """To who waits: visits that stand still here may wait for that one's host in turn."""
        now = self._clock.monotonic()
        long = [host for host in wanted if (held := self._held.get(host)) and now - held.since_s > LEND_S]
        ready = [host for host in long if not self.pacer.is_asking(host)]
        for host in ready:
            self.lost(host)
        await self._give_back(ready)

    def _is_over(self, host: str, held: _Held, now: float) -> bool:
        if self.pacer.is_asking(host):
            return False
        idle_s = now - max(self.pacer.used_at(host), held.since_s)
        return now - held.since_s > LEND_S or (idle_s > IDLE_S and not self.pacer.is_used(host))

    async def _give_back(self, hosts: Iterable[str]) -> None:
        for host in hosts:
            if self.pacer.is_used(host):
                self._lent[host] = self._clock.monotonic()
        with self._out(hosts) as left:
            if left:
                async with self._database.transaction() as tx:
                    await lease_rows.give_back(tx, self.holder, left, lent=True)

    async def close(self) -> None:
        """At the end of the process, when nobody asks any more."""
        await self._give_back(list(self._held))
