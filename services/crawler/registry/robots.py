"""robots.txt of a site: asked for once a day, kept over restarts, obeyed as the site's legal ground says (RFC 9309)."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from weakref import WeakValueDictionary, finalize

from services.crawler.frontier.pacing import NotNow
from services.crawler.registry.grounds import obeys
from services.crawler.registry.robots_rules import ALL_ALLOWED, MOST_RULES, Rules, parse_robots, robots_text
from services.crawler.registry.robots_store import MAX_TEXT, Asked, RobotsStore
from services.crawler.registry.ways import NoWay
from services.crawler.visit import Watched
from shared.clock import Clock
from shared.failures import Transient
from shared.net import Fetched, FetchFailed
from shared.text import one_line

FRESH = timedelta(hours=24)  # 2.4
STALE = timedelta(days=30)  # 2.3.1.4: how long a copy counts while no newer one can be had
# After an answer that says nothing (5xx): the addresses of a site do not each ask anew. Longer with a copy to go by.
AGAIN, AGAIN_WITH_COPY = timedelta(seconds=30), timedelta(minutes=5)
NOT_NOW = 429  # as 5xx: it does not say that there is none
MOST_ORIGINS, MOST_BYTES = 20_000, 128 * 1024 * 1024  # in memory; what is forgotten is in the database
SHORT = 16 * 1024  # characters parsed in a millisecond; longer ones are parsed beside the loop
MAX_WHY = 500  # characters

Ask = Callable[[str], Awaitable[Fetched]]  # GET of it: five redirects (2.3.1.2), cut at 500 KiB (2.5)


class StayAway(Transient):
    """robots.txt cannot be had: until it can, nothing may be asked for (2.3.1.4)."""

    fault = "robots"


@dataclass(frozen=True)
class _Known:
    """`rules`: None when nothing may be asked for, because of `why`. `fetched_at`: when they were read."""

    rules: Rules | None
    until: datetime
    fetched_at: datetime | None = None
    why: str = ""


class Robots:
    def __init__(self, store: RobotsStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._alike: WeakValueDictionary[bytes, Rules] = WeakValueDictionary()  # of many sites, by digest of the text
        self._bytes = 0  # of all rules that are alive

    async def rules(self, url: str, watched: Watched, ask: Ask) -> Rules:
        """What binds us on this site. Raises `StayAway`, and whatever makes the site out of reach.

        Where its ground and its line say that robots.txt does not bind, all is allowed, the delay is kept, and a visit
        that robots.txt forbids is written down before it is made.
        """
        known = await self._known_of(url, watched, ask)
        if obeys(watched.legal_ground, watched.obey_robots):
            if known.rules is None:
                raise StayAway(known.why)
            return known.rules
        if known.rules is None or not known.rules.allow(url):
            await self._store.overridden(watched.site.host, url, watched.legal_ground)
        return replace(known.rules or ALL_ALLOWED, rules=())

    async def _known_of(self, url: str, watched: Watched, ask: Ask) -> _Known:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        known = self._known.get(origin)
        if known is None or known.until <= self._clock.now():
            async with self._asking.setdefault(origin, asyncio.Lock()):
                known = self._known.get(origin) or await self._kept(origin)
                if known is None or known.until <= self._clock.now():
                    known = await self._asked(origin, watched, ask, known)
                self._known[origin] = known
                while len(self._known) > MOST_ORIGINS or (self._bytes > MOST_BYTES and len(self._known) > 1):
                    self._known.popitem(last=False)
        return known

    async def _kept(self, origin: str) -> _Known | None:
        """As it was before this process started. A text that was cut is good for nothing but people."""
        kept = await self._store.load(origin)
        if kept is None or kept.fetched_at is None or kept.cut:
            return None
        last_was_it = kept.asked_at == kept.fetched_at
        return _Known(
            await self._parsed(kept.text), kept.fetched_at + FRESH if last_was_it else kept.asked_at, kept.fetched_at
        )

    async def _asked(self, origin: str, watched: Watched, ask: Ask, older: _Known | None) -> _Known:
        try:
            answer = await ask(f"{origin}/robots.txt")
        except (NoWay, NotNow):  # nothing was asked: that says nothing of what it would have said
            raise
        except Transient as failure:
            fault = f"{failure.fault}: " if isinstance(failure, FetchFailed) else ""
            return await self._not_had(origin, watched, older, None, fault + str(failure))
        if answer.status == NOT_NOW or answer.status >= 500:
            return await self._not_had(origin, watched, older, answer.status, f"status {answer.status}")
        now, there = self._clock.now(), 200 <= answer.status < 300
        text = robots_text(answer.body, answer.cut) if there else ""
        rules = await self._parsed(text)
        await self._store.keep(
            Asked(
                origin,
                watched.site.host,
                asked_at=now,
                status=answer.status,
                decision=_decision(rules, watched) if there else _none(answer.status),
                legal_ground=watched.legal_ground,
                fetched_at=now,
                sha256=hashlib.sha256(answer.body).hexdigest() if there else None,
                text=text[:MAX_TEXT],
                cut=len(text) > MAX_TEXT,
                delay_s=rules.delay_s,
            )
        )
        return _Known(rules, now + FRESH, now)

    async def _not_had(
        self, origin: str, watched: Watched, older: _Known | None, status: int | None, why: str
    ) -> _Known:
        """The copy counts for 30 days; without one, nothing may be asked for."""
        now, why = self._clock.now(), one_line(why, MAX_WHY)
        said = f"it cannot be had ({why}): until it can, nothing is asked for"
        # A host that does not answer at all is left alone by others than us: only what it answers is remembered.
        known = _Known(None, now + AGAIN if status else now, why=f"{origin}/robots.txt: {said}")
        if older and older.rules is not None and older.fetched_at and now < older.fetched_at + STALE:
            said = f"it cannot be had ({why}): the copy of {older.fetched_at:%Y-%m-%d %H:%M} UTC counts"
            known = replace(older, until=now + AGAIN_WITH_COPY)
        await self._store.keep(Asked(origin, watched.site.host, now, status, said, watched.legal_ground))
        return known

    async def _parsed(self, text: str) -> Rules:
        digest = hashlib.sha256(text.encode()).digest()
        if rules := self._alike.get(digest):
            return rules
        rules = parse_robots(text) if len(text) <= SHORT else await asyncio.to_thread(parse_robots, text)
        weight = rules.weight
        self._bytes += weight
        finalize(rules, self._forgotten, weight).atexit = False
        self._alike[digest] = rules
        return rules

    def _forgotten(self, weight: int) -> None:
        self._bytes -= weight


def _decision(rules: Rules, watched: Watched) -> str:
    count = f"more than {MOST_RULES:,}" if rules.too_many else len(rules.rules)
    rest = ", taken as one that forbids everything" if rules.too_many else ""
    rest += f", {rules.delay_s:g} s between requests" if rules.delay_s else ""
    if obeys(watched.legal_ground, watched.obey_robots):
        return f"obeyed: {count} rules for us{rest}"
    return f"not obeyed under {watched.legal_ground}: what its {count} rules forbid is counted{rest}"


def _none(status: int) -> str:
    return f"there is none (status {status}): nothing is forbidden"
