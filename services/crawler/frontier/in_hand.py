"""Hosts in this process's hand: their visits to come, under way, and done but not yet written down."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import structlog

from services.crawler.frontier.claiming import HAND_S
from services.crawler.frontier.pace import REFUSALS, broken_s
from services.crawler.frontier.pacing import NotNow
from services.crawler.frontier.unwritten import Unwritten, weight_of
from services.crawler.visit import Check, Checked, Known, Visited
from shared.clock import Clock
from shared.identity import case_id
from shared.observing import look_at, work_on

log = structlog.get_logger(__name__)

GATHER_S = 0.05  # for what ends at nearly the same time: one transaction then serves many visits
TOGETHER = 256  # visits that are written down in one transaction: more make it long, not cheaper
AT_ONCE = 2  # visits of a host: one that waits for a picture server must not stop the host, politeness needs no more
# What has not begun by then stays due: a host that is slower than its pace must not keep a check waiting.
MOST_S = 1.5 * HAND_S

Job = Known | Check
Done = Visited | Checked
Work = Callable[[Job], Awaitable[Done]]
Rest = Callable[[str, float], None]


@dataclass(frozen=True)
class Finished:
    """`failures`: visits of the host in a row without an answer. `put_off`: what was found could not be written down,
    and `done` says so instead. `weight`: in bytes, of what was found."""

    key: str
    host: str
    done: Done
    trace: dict[str, str]
    failures: int
    put_off: bool = False
    weight: int = 0


@dataclass
class _Host:
    name: str
    failures: int
    until_s: float
    trace: dict[str, str]
    queue: deque[Job] = field(default_factory=deque)
    running: int = 0
    unwritten: int = 0
    keys: set[str] = field(default_factory=set)


class InHand:
    """`rest(host, seconds)` is told when a host's pages are to be left alone."""

    def __init__(self, most: int, clock: Clock, work: Work, rest: Rest) -> None:
        self._room, self._asking = asyncio.Semaphore(most), asyncio.Lock()
        self._clock, self._work, self._rest = clock, work, rest
        self._hosts: dict[str, _Host] = {}
        self._resting: dict[str, _Host] = {}  # nothing under way; perhaps something to write down
        self._tasks: set[asyncio.Task[None]] = set()
        self._finished: deque[Finished] = deque()
        self._unwritten = Unwritten()
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._hosts)

    async def room(self, hosts: int) -> None:
        """Returns when so many more hosts may be taken in hand. Whoever asks first is served first, and whole."""
        async with self._asking:
            for _ in range(hosts):
                await self._room.acquire()

    def give_room(self, hosts: int) -> None:
        """They are not taken, or not in hand any more."""
        for _ in range(hosts):
            self._room.release()

    def begin(self, host: str, jobs: Sequence[Job], failures: int, trace: dict[str, str]) -> None:
        """`failures`: of the host, as last written down."""
        held = self._hosts.get(host)
        if held is None:
            held = self._hosts[host] = _Host(host, failures, self._clock.monotonic() + MOST_S, trace)
        else:
            self.give_room(1)  # it was lost and came back while a visit was under way
        held.queue.extend(job for job in jobs if key_of(job) not in held.keys)
        held.keys.update(map(key_of, jobs))
        for _ in range(min(AT_ONCE, len(held.queue)) - held.running):
            held.running += 1
            self._resting.pop(host, None)
            task = asyncio.create_task(self._visit(held))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not held.running:
            self._resting[host] = held
            self._news.set()

    async def _visit(self, host: _Host) -> None:
        """One visit after the other, until there is nothing more to do, or too little time."""
        try:
            while await self._goes_on(host):
                job = host.queue.popleft()
                with _traced(job, host.trace) as trace:
                    done = await self._work(job)
                self._judge(host, done)
                self._finish(host, job, done, trace)
        except NotNow as failure:
            log.info("a visit has to wait: it stays due", host=host.name, why=str(failure))
        except Exception:
            log.exception("visits of a host ended early: they are due again", host=host.name)
        finally:
            host.running -= 1
            if not host.running:
                host.queue.clear()
                self._resting[host.name] = host
                self._news.set()

    async def _goes_on(self, host: _Host) -> bool:
        await self._unwritten.room()
        return bool(host.queue) and self._clock.monotonic() < host.until_s

    def _finish(self, host: _Host, job: Job, done: Done, trace: dict[str, str]) -> None:
        one = Finished(key_of(job), host.name, done, trace, host.failures, weight=weight_of(done))
        host.unwritten += 1
        self._unwritten.add(one.weight)
        self._finished.append(one)
        self._news.set()

    def _judge(self, host: _Host, done: Done) -> None:
        """What the answer says of the host. One that is dead or wants to be left alone is asked nothing more."""
        if isinstance(done, Checked):
            return
        host.failures = host.failures + 1 if done.silent else 0 if done.status is not None else host.failures
        rest_s = max(done.hold_off_s, broken_s(host.failures) if done.silent else 0.0)
        if rest_s:
            self._rest(host.name, rest_s)
        if rest_s or done.status in REFUSALS:
            host.queue.clear()

    def drop(self, host: str) -> None:
        """The host is in hand no longer: begin nothing more there."""
        if held := self._hosts.get(host):
            held.queue.clear()

    async def finished(self, wait_s: float) -> list[Finished]:
        """What is done since the last call, the rest next time; waits for something, but not longer than that."""
        try:
            async with asyncio.timeout(wait_s):
                await self._news.wait()
            if len(self._finished) < TOGETHER:
                await asyncio.sleep(GATHER_S)
        except TimeoutError:
            pass
        taken = [self._finished.popleft() for _ in range(min(TOGETHER, len(self._finished)))]
        if not self._finished:
            self._news.clear()
        return taken

    def over(self, written: Iterable[Finished]) -> list[str]:
        """The hosts of which nothing is left once these are written."""
        counted = Counter(one.host for one in written)
        return [name for name, host in self._resting.items() if host.unwritten == counted[name]]

    def forget(self, written: Iterable[Finished], over: Iterable[str]) -> None:
        for one in written:
            self._unwritten.remove(one.weight)
            if host := self._hosts.get(one.host):
                host.unwritten -= 1
                host.keys.discard(one.key)
        for name in over:
            host = self._resting.get(name)
            if host and not host.unwritten:
                del self._hosts[name], self._resting[name]
                self.give_room(1)

    async def stop(self, within_s: float) -> None:
        """Let visits under way come to their end; break off those that do not."""
        for host in self._hosts.values():
            host.queue.clear()
        self._unwritten.give_up()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)


def _traced(job: Job, cause: dict[str, str]) -> AbstractContextManager[dict[str, str]]:
    """In the trace of the case that it is about, or that may come of it."""
    if isinstance(job, Check):
        return work_on(job.case_id, "check")
    return look_at(case_id(job.url), "visit", cause)


def key_of(job: Job) -> str:
    return job.url if isinstance(job, Known) else str(job.check_id)
