"""Many cases through the notifier on a fast clock: real PostgreSQL, real SMTP, recipients of every manner.

The run only plays the world outside: officials who approve, recipients (`operators_peer`), removal checks that see
what is true. Time goes from one moment at which anything is due to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.notifier.channels.form.handing import hand_over_due
from services.notifier.delivery.budget import OF_DOMAIN
from services.notifier.delivery.ledger import Closed
from services.notifier.inbox.taking import Reading, place, take
from services.notifier.ladder.store import Ladder
from services.notifier.ladder.timer import look
from services.notifier.removal.watching import Rhythm
from services.notifier.store import APPROVED, SENDING, WAITING, Delivery, WatchRow
from shared.clock import ManualClock
from shared.database import Database
from shared.events import ContentChecked, Event, FollowUpAsked, HandedOver, HandOverDue, ReviewDecided, Verdict
from shared.events.base import REGISTRY
from shared.events.examples import FINDING, NOTICE
from shared.events.values import Notice, NoticeClock, Probe, ProbeOutcome
from shared.identity import case_id, identity
from shared.notices import reference, sealed
from shared.outbox import OUTBOX
from tests.support.approvals import APPROVALS
from tests.support.notifier import ORIGIN, Notifier
from tests.support.operators_peer import MANNERS, Peer

STEP = timedelta(seconds=30)  # the finest step of the clock: what is due within it is done at its end
CLOCKS = (
    None,
    NoticeClock(kind="hours", law="US_TIDA", hours=48),
    NoticeClock(kind="without_delay", law="KR_TBA_22_5", alarm_after_hours=24),
    NoticeClock(kind="answer", law="EU_DSA_16", hours=72),
)
READING = Reading(own=frozenset({ORIGIN.sender}))
ROLES = ("abuse", "host", "registrar")
DAY_S = 86400.0
FORMS = 0.3  # of the highest rung: those that are handed in by a person
# Fewer checks than in service, so that a thousand cases end in minutes: 1 h, 6 h, 24 h, daily twice, every third day.
RHYTHM = Rhythm((3600.0, 18000.0, 64800.0, DAY_S, DAY_S, 3 * DAY_S), confirm_after=600.0, guard_s=20 * DAY_S)
APART = timedelta(minutes=2)  # between two approvals
BY_HAND_AFTER = timedelta(hours=3)
PACKET_AFTER = timedelta(hours=2)  # as long as an official takes over a packet
BACK_AFTER = timedelta(days=3)  # content that comes back does so after


@dataclass
class Case:
    number: int
    event: ReviewDecided
    comes_back: bool
    back_at: datetime | None = None
    gone_at: datetime | None = None

    @property
    def reference(self) -> str:
        return reference(self.event.case_id)


@dataclass
class Run:
    database: Database
    clock: ManualClock
    peer: Peer
    notifier: Notifier
    random: Random
    mailboxes: int  # of each manner
    cases: dict[UUID, Case] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    turns: int = 0
    _approvals: list[tuple[datetime, ReviewDecided]] = field(default_factory=list)
    _seen: int = 0
    _mails: int = 0
    _handled: int = 0
    _forms: list[HandedOver] = field(default_factory=list)

    def add(self, count: int) -> None:
        """Cases whose recipients have manners at random, each manner the first at least once."""
        manners = list(MANNERS)
        for number in range(count):
            at = self.clock.now() + number * APART
            first = manners[number % len(manners)]
            self._add(number, at, first, [self.random.choice(manners) for _ in range(2)])

    def _add(self, number: int, at: datetime, first: str, others: Sequence[str]) -> None:
        url = f"http://harbour-board.en.test/post/{number}"
        event = decision(case_id(url), self._ladder(case_id(url), first, others), at, url=url)
        self.cases[event.case_id] = Case(number, event, comes_back=first == "quick" and number % 2 == 0)
        self._approvals.append((at, event))

    def _ladder(self, case: UUID, first: str, others: Sequence[str]) -> list[Notice]:
        site = self._notice(case, first, 0, 0)
        return [
            site,
            draft(case, site.recipient.email, occasion="reminder", after_hours=24, follows=site.notice_id),
            *(self._notice(case, manner, rung, 24 * rung) for rung, manner in enumerate(others, start=1)),
        ]

    def _notice(self, case: UUID, manner: str, rung: int, after_hours: int) -> Notice:
        email = f"{ROLES[rung]}@{manner}-{self.random.randrange(self.mailboxes)}.test"
        made = draft(case, email, rung=rung, after_hours=after_hours, clock=self.random.choice(CLOCKS))
        return by_form(made) if rung == len(ROLES) - 1 and self.random.random() < FORMS else made

    async def play(self, days: float) -> None:
        end = self.clock.now() + timedelta(days=days)
        while (at := await self._next()) is not None and at <= end:
            step = max(at - self.clock.now(), STEP)
            self.clock.advance(step.total_seconds())
            await self._turn()
            self.turns += 1

    async def _turn(self) -> None:
        now = self.clock.now()
        due = [event for at, event in self._approvals if at <= now]
        self._approvals = [one for one in self._approvals if one[0] > now]
        for event in due:
            await self._handle(event)
        while await self.notifier.round():
            pass
        for raw in self.peer.due():
            await self._take(raw)
        await self._check()
        await self._hand_over()
        while await look(self.database):
            pass
        await self._hear()

    async def _take(self, raw: bytes) -> None:
        """Some mails are taken up twice, as after a crash between the row and the server's flag."""
        self._mails += 1
        for _ in range(1 + (self._mails % 7 == 0)):
            async with self.database.transaction() as tx:
                await take(tx, raw, place("INBOX", 1, self._mails), tx.clock.now(), READING)

    async def _hand_over(self) -> None:
        """An official hands most of them in; some do not work, and some are forgotten."""
        async with self.database.transaction() as tx:
            await hand_over_due(tx)
        due = [event for event in self._forms if event.handed_at <= self.clock.now()]
        self._forms = [event for event in self._forms if event not in due]
        for event in due:
            await self.notifier.handle(event)

    async def _check(self) -> None:
        due = sa.select(WatchRow).where(WatchRow.state != APPROVED, WatchRow.awaited_at <= self.clock.now())
        async with self.database.transaction() as tx:
            rows = await tx.scalars(due)
        for row in rows:
            outcome = ProbeOutcome.GONE if self._gone(self.cases[row.case_id]) else ProbeOutcome.PRESENT
            await self._handle(self._seen_by_check(row, outcome))

    async def _handle(self, event: Event) -> None:
        """Each twentieth comes a second time, under another name."""
        self._handled += 1
        for _ in range(1 + (self._handled % 20 == 0)):
            await self.notifier.handle(event)

    def _seen_by_check(self, row: WatchRow, outcome: ProbeOutcome) -> ContentChecked:
        url = row.finding["url"]
        return ContentChecked(
            case_id=row.case_id,
            check_id=identity("check", row.case_id, row.awaited),
            number=row.awaited,
            outcome=outcome,
            probes=(Probe(url=url, vantage="honest", status=404, outcome=outcome, why=""),),
            checked_at=self.clock.now(),
        )

    def _gone(self, case: Case) -> bool:
        """The truth: some content comes back, and goes again after another notice."""
        now = self.clock.now()
        if not self.peer.gone(case.reference):
            return False
        case.gone_at = case.gone_at or now
        if not case.comes_back or now < case.gone_at + BACK_AFTER:
            return True
        back_at = case.gone_at + BACK_AFTER
        return any(got.reference == case.reference and got.at > back_at for got in self.peer.got)

    async def _hear(self) -> None:
        """What the notifier published; an official approves most of the further rounds, and declines some."""
        async with self.database.transaction() as tx:
            new = sa.select(OUTBOX.c.position, OUTBOX.c.value, OUTBOX.c.headers).where(OUTBOX.c.position > self._seen)
            rows = list(await tx.execute(new.order_by(OUTBOX.c.position)))
        for row in rows:
            self._seen = row.position
            event = REGISTRY[row.headers["ce_type"]].model_validate_json(row.value)
            self.events.append(event)
            if isinstance(event, HandOverDue) and (by := self._by_hand(event)):
                self._forms.append(by)
            if isinstance(event, FollowUpAsked):
                self._approvals.append((self.clock.now() + PACKET_AFTER, self._round(event)))

    def _by_hand(self, due: HandOverDue) -> HandedOver | None:
        chance = self.random.random()
        if chance < 0.25:
            return None
        failed = "the form takes no such addresses" if chance < 0.4 else ""
        return HandedOver(
            case_id=due.case_id,
            notice_id=due.notice_id,
            receipt="" if failed else f"F-{due.notice_id.hex[:8]}",
            failed=failed,
            by="reviewer-7",
            handed_at=due.due_at + BY_HAND_AFTER,
        )

    def _round(self, asked: FollowUpAsked) -> ReviewDecided:
        case = asked.case_id
        packet = asked.why == "regulator"
        occasion, email = (
            ("packet", f"desk@delivered-{asked.case_id.int % 40}.test")
            if packet
            else ("reappeared", "again@quick-0.test")
        )
        notice = draft(case, email, occasion=occasion, round=asked.round)
        declined = packet and self.cases[case].number % 5 == 0
        at = self.clock.now() + PACKET_AFTER
        return decision(case, [] if declined else [notice], at, round=asked.round)

    async def _next(self) -> datetime | None:
        """The next moment at which anything is due. What waits for its recipient's budget is due when that opens."""
        now = self.clock.now()
        names = (sa.func.lower(Delivery.address), OF_DOMAIN + Delivery.domain)
        shut = sa.exists().where(Closed.name.in_(names), Closed.until > now)
        least = [
            sa.select(sa.func.min(Ladder.next_at)),
            sa.select(sa.func.min(Delivery.next_attempt_at)).where(Delivery.state == WAITING, ~shut),
            sa.select(sa.func.min(Closed.until)).where(Closed.until > now),
            sa.select(sa.func.min(Delivery.leased_until)).where(Delivery.state == SENDING),
            sa.select(sa.func.min(WatchRow.awaited_at)).where(WatchRow.state != APPROVED),
        ]
        async with self.database.transaction() as tx:
            row = (await tx.execute(sa.select(*(one.scalar_subquery() for one in least)))).one()
        by_people = [*(at for at, _ in self._approvals), *(one.handed_at for one in self._forms)]
        return min((at for at in (*row, self.peer.next_at(), *by_people) if at is not None), default=None)


def by_form(notice: Notice) -> Notice:
    to = notice.recipient.model_copy(update={"email": "", "channel": "form", "provider": notice.recipient.email})
    return sealed(notice.model_copy(update={"recipient": to, "fields": {"urls": FINDING.url}}))


def draft(case: UUID, email: str, *, round: int = 0, **more: Any) -> Notice:
    to = NOTICE.recipient.model_copy(update={"email": email})
    occasion = more.get("occasion", "first")
    notice_id = identity("notice", case, email, occasion, round)
    return sealed(NOTICE.model_copy(update={"notice_id": notice_id, "recipient": to, **more}))


def decision(case: UUID, notices: Sequence[Notice], at: datetime, *, round: int = 0, url: str = "") -> ReviewDecided:
    made = ReviewDecided(
        case_id=case,
        verdict=Verdict.APPROVED if notices else Verdict.REJECTED,
        note="",
        approved=tuple(notices),
        finding=FINDING.model_copy(update={"url": url or FINDING.url}),
        reviewer="reviewer-7",
        scripted=False,
        seal="0" * 64,
        decided_at=at,
        round=round,
    )
    return APPROVALS.sealed(made)
