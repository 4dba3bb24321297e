"""Politeness: requests to a host come one after the other, its gap apart, whoever makes them.

Inside the process by the host's turn; between processes by the host's lease, without which no turn begins.
"""

from asyncio import Lock
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import inf
from typing import Protocol

from services.crawler.frontier.pace import DEFAULT_GAP_S, refused_s
from shared.clock import Clock
from shared.failures import Transient

MOST_HOSTS = 50_000
# Beyond its gap a host is waited for so long. Who has to wait longer comes again: it would keep the host in hand.
MOST_REST_S = 10.0
# So long a turn is waited for behind others: thousands of pages may show pictures of one server, and each that waits
# keeps its own host in hand. A few always may: the visits and the check of a slow host, which all ask it alone.
MOST_QUEUE_S, FEW = 60.0, 4


class NotNow(Transient):
    """`host` is to be left alone, or in another process's hand: nothing was asked, and nothing is known."""

    def __init__(self, host: str, why: str, after_s: float | None = None) -> None:
        super().__init__(f"{host} {why}", after_s)
        self.host = host


class Lender(Protocol):
    """Who knows which hosts are in this process's hand (`leases.Leases`)."""

    def until_s(self, host: str) -> float:
        """The host may be asked until this moment of the monotonic clock."""
        ...

    async def borrow(self, host: str) -> None:
        """Returns when the host is in hand, and `met` has told its pace. Raises `NotNow` when others keep it."""
        ...


class OneProcess:
    """For a process that is alone with its hosts: every host is in hand."""

    def until_s(self, host: str) -> float:
        return inf

    async def borrow(self, host: str) -> None:
        return


@dataclass(frozen=True)
class Pace:
    """How a host is left: not to be asked for `free_in_s`, and none of its pages to be visited for `rests_s`."""

    free_in_s: float
    rests_s: float
    gap_s: float


@dataclass
class _Host:
    gap_s: float = DEFAULT_GAP_S
    next_at: float = 0.0
    rest_until: float = 0.0  # it refused us, is walled, or dead
    refusals: int = 0
    users: int = 0
    asking: bool = False
    used_at: float = 0.0
    turn: Lock = field(default_factory=Lock)


class Pacer:
    def __init__(self, clock: Clock, lender: Lender | None = None) -> None:
        self._clock = clock
        self.lender: Lender = lender or OneProcess()
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    def set_pace(self, host: str, requests_per_second: float, least_gap_s: float = 0.0) -> None:
        """Counts from the last answer on: from robots.txt, which says it."""
        state = self._host(host)
        state.gap_s = max(1 / requests_per_second, least_gap_s)
        if state.used_at:
            state.next_at = max(state.next_at, state.used_at + state.gap_s)

    def met(self, host: str, wait_s: float, gap_s: float | None, refusals: int) -> None:
        """The host came into hand: others left it `wait_s` before it may be asked again."""
        state = self._host(host)
        state.next_at = max(state.next_at, self._clock.monotonic() + wait_s)
        state.gap_s, state.refusals = gap_s or state.gap_s, refusals

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Entered when the next request to the host may start, first come, first served; left when it is answered.

        One request at a time, and the gap counts from the answer: however busy either machine is, the host never sees
        two requests closer together. Raises `NotNow` when the host is not to be had, to be left alone, or too
        many wait for it.
        """
        state = self._host(host)
        if state.users >= FEW and state.users * state.gap_s > MOST_QUEUE_S:
            raise NotNow(host, f"is waited for by {state.users} others")
        state.users += 1
        try:
            async with state.turn:
                await self._until_allowed(host, state)
                state.asking = True
                try:
                    yield
                finally:
                    state.asking = False
                    state.used_at = self._clock.monotonic()
                    state.next_at = max(state.next_at, state.used_at + state.gap_s)
        finally:
            state.users -= 1

    async def _until_allowed(self, host: str, state: _Host) -> None:
        while True:
            now = self._clock.monotonic()
            if self.lender.until_s(host) <= now:
                await self.lender.borrow(host)
            elif (wait_s := state.next_at - now) <= 0:
                return
            elif wait_s > state.gap_s + MOST_REST_S:
                raise NotNow(host, f"is left alone for another {wait_s:.0f} s", wait_s)
            else:
                await self._clock.sleep(wait_s)

    def answered(self, host: str) -> None:
        self._host(host).refusals = 0

    def refused(self, host: str, asked_s: float) -> None:
        """The host answered 429 or 503, and asked for so many seconds of rest, or for none."""
        state = self._host(host)
        state.refusals += 1
        self.hold_off(host, refused_s(state.refusals, asked_s))

    def hold_off(self, host: str, seconds: float) -> None:
        """Nobody asks the host for so long: it said so."""
        self.rest(host, seconds)
        state = self._host(host)
        state.next_at = max(state.next_at, state.rest_until)

    def rest(self, host: str, seconds: float) -> None:
        """Its pages are not visited for so long. Reports and checks are: we made up the rest, and a person waits."""
        state = self._host(host)
        state.rest_until = max(state.rest_until, self._clock.monotonic() + seconds)

    def left(self, host: str) -> Pace:
        state, now = self._host(host), self._clock.monotonic()
        return Pace(max(0.0, state.next_at - now), max(0.0, state.rest_until - now), state.gap_s)

    def is_asking(self, host: str) -> bool:
        return self._host(host).asking

    def is_used(self, host: str) -> bool:
        """Whether somebody has the host's turn, or waits for it."""
        return self._host(host).users > 0

    def used_at(self, host: str) -> float:
        return self._host(host).used_at

    def _host(self, host: str) -> _Host:
        state = self._hosts.get(host)
        if state is None:
            state = self._hosts[host] = _Host()
            if len(self._hosts) > MOST_HOSTS:
                self._forget_one()
        return state

    def _forget_one(self) -> None:
        """The one met first, unless it is in use or still to be left alone: then it is met last."""
        (oldest, state), now = next(iter(self._hosts.items())), self._clock.monotonic()
        if state.users or state.next_at > now or self.lender.until_s(oldest) > now:
            self._hosts.move_to_end(oldest)
        else:
            del self._hosts[oldest]
