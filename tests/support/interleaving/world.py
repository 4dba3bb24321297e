"""Two services and the world around them: a receiving mail server, a crawler that answers checks, a clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import shared.relay as relaying
from services.gateway.handlers import project
from services.notifier.channels.mail.names import envelope_id
from services.notifier.channels.mail.smtp import Envelope as MailEnvelope
from services.notifier.delivery.sender import Sender
from services.notifier.domain import Accepted, Failed
from services.notifier.handlers import enqueue
from services.notifier.removal.following import follow_up
from shared.bus.port import Received, Record
from shared.clock import ManualClock
from shared.database import Transaction
from shared.events import (
    CheckRequested,
    ContentChecked,
    ContentFlagged,
    Envelope,
    Event,
    EvidenceSealed,
    NoticeDrafted,
    NoticeSent,
    RemovalVerified,
    ReviewDecided,
)
from shared.events.envelope import decode
from shared.events.values import Probe, ProbeOutcome
from shared.handling import Handler, Prepared
from shared.identity import identity
from tests.support.approvals import APPROVALS
from tests.support.gateway import Story
from tests.support.interleaving.consumer import METRICS, Consumer
from tests.support.interleaving.mortal import MortalBroker, MortalDatabase
from tests.support.notifier import LEASE_S, ORIGIN, RHYTHM, approving, mail

PARTITIONS = 2
CHECKS = 5  # the crawler answers so many: gone each time
NAMES = UUID("6a1c7d1e-2f0b-4c58-9a94-7d0b7f3f6a11")


def name_of(notice_id: UUID) -> str:
    """As the mail's envelope names it."""
    return envelope_id(ORIGIN.message_id(notice_id))


class World:
    newest: World  # what a mutant of the product finds its broker by

    def __init__(
        self,
        notifier: MortalDatabase,
        gateway: MortalDatabase,
        sessions: dict[int, AsyncConnection],
        blocked: Callable[[], Awaitable[bool]],
    ) -> None:
        """`sessions`: of the relays, by their number; kept from one world to the next. `blocked`: whether anybody waits
        for another's lock."""
        World.newest = self
        self.clock = ManualClock()
        self.databases = {"notifier": notifier, "gateway": gateway}
        for database in self.databases.values():
            database.clock = self.clock
        self.broker = MortalBroker(PARTITIONS)
        self.inbox: list[tuple[str, str]] = []  # what the server took: recipient, Message-ID; repeats too
        self.stories: list[Story] = []
        self.approved: set[str] = set()  # as envelopes name them
        self.answered: Counter[int] = Counter()  # how far the crawler is, by partition
        self.sender = Sender(channels=mail(self._post), rhythm=RHYTHM, instance="0", lease_s=LEASE_S, attempts=1000)
        channels = self.sender.channels
        self.consumers = {
            "notifier": self._consumer(
                "notifier",
                {
                    ReviewDecided: partial(
                        enqueue, channels=channels, message_id=ORIGIN.message_id, approvals=APPROVALS
                    ),
                    ContentChecked: partial(follow_up, rhythm=RHYTHM),
                },
            ),
            "gateway": self._consumer(
                "gateway",
                dict.fromkeys(
                    (ContentFlagged, EvidenceSealed, NoticeDrafted, NoticeSent, ContentChecked, RemovalVerified),
                    partial(project, approvals=APPROVALS),
                ),
            ),
        }
        self.relays = [
            (name, relaying.Relay(database, self.broker, self.clock, METRICS))
            for name, database in self.databases.items()
            for _ in range(2)
        ]
        self.alive: set[int] = set()  # relays that may hold their lock
        self._sessions, self.blocked = sessions, blocked

    def _consumer(self, name: str, handles: Mapping[type[Event], Handler]) -> Consumer:
        database = self.databases[name]
        counted: dict[type[Event], Handler | Prepared] = {
            type_: self._counting(name, handler) for type_, handler in handles.items()
        }
        return Consumer(name, counted, self.broker, database)

    def _counting(self, name: str, handler: Handler) -> Handler:
        async def handle(event: Event, tx: Transaction) -> None:
            await handler(event, tx)
            assert tx.cause
            # In the transaction: what is rolled back was not handled.
            await tx.execute(HANDLED, {"service": name, "event_id": tx.cause.id})

        return handle

    async def _post(self, raw: bytes, to: MailEnvelope) -> Accepted | Failed:
        self.broker.passing("posting")
        self.inbox.append((to.recipient, to.id))
        self.broker.passing("posted")
        return Accepted("250 kept")

    async def begin(self, cases: int, seed: int) -> None:
        """Cases as the other services leave them: flagged, sealed, drafted, approved, the approval told twice. After
        them an approval that nobody gave."""
        for consumer in self.consumers.values():
            await consumer.begin()
        for number in range(cases):
            story = Story.of(
                f"post/{seed}-{number}", recipients=(f"abuse@s{seed}.test", f"abuse@h{seed}-{number}.test")
            )
            self.stories.append(story)
            self.approved |= {name_of(notice.notice_id) for notice in story.notices}
            decided = approving(story.case, *story.notices, url=story.flagged.finding.url)
            for event in (story.flagged, story.sealed, story.drafted, decided, decided):
                await self.tell(event, identity("told", story.case, event.type))
        forged = Story.of(f"post/{seed}-forged", recipients=("abuse@forged.test",))
        approval = approving(forged.case, *forged.notices, url=forged.flagged.finding.url)
        await self.tell(approval.model_copy(update={"seal": "0" * 64}), uuid5(NAMES, f"forged {seed}"))

    async def tell(self, event: Event, id: UUID) -> None:
        envelope = Envelope(event, id, "/haetae/others", self.clock.now())
        await self.broker.produce([Record(event.topic.name, envelope.key, envelope.value, envelope.headers)])

    # Steps

    async def relay(self, number: int) -> bool:
        """A turn of this relay; whether it published anything. It keeps its session, and with it its lock."""
        name, relay = self.relays[number]
        if number not in self._sessions:
            session = await self.databases[name].engine.connect()
            self._sessions[number] = await session.execution_options(isolation_level="AUTOCOMMIT")
        self.alive.add(number)
        connection = self._sessions[number]
        if not (await connection.execute(relaying.TRY_LOCK)).scalar():
            return False
        return bool(await relay._publish_batch(connection))

    async def end_relay(self, number: int) -> None:
        """What the end of its session is to the others: its lock is gone."""
        if number in self.alive:
            self.alive.remove(number)
            await self._sessions[number].execute(UNLOCK)

    async def send(self) -> int:
        return await self.sender.round(self.databases["notifier"], self.clock)

    def asked(self) -> list[int]:
        """Partitions with a check that the crawler has not made."""
        return [number for number, log in enumerate(self._checks()) if self.answered[number] < len(log)]

    async def answer(self, number: int) -> None:
        """The crawler looks at the next page that it was asked to look at, when it is time: it is gone."""
        record = self._checks()[number][self.answered[number]]
        self.answered[number] += 1
        check = decode(record.value, dict(record.headers)).event
        if not isinstance(check, CheckRequested) or check.number > CHECKS:
            return
        self.clock.advance(max(0.0, (check.due_at - self.clock.now()).total_seconds()))
        probe = Probe(url=check.finding.url, vantage="honest", status=404, outcome=ProbeOutcome.GONE, why="")
        answer = ContentChecked(
            case_id=check.case_id,
            check_id=check.check_id,
            number=check.number,
            outcome=ProbeOutcome.GONE,
            probes=(probe,),
            checked_at=self.clock.now(),
        )
        await self.tell(answer, identity("answered", check.check_id))

    def _checks(self) -> list[list[Received]]:
        return self.broker.logs(CheckRequested.topic.name)


UNLOCK = sa.text("SELECT pg_advisory_unlock_all()")
HANDLED = sa.text("INSERT INTO public.handled (service, event_id) VALUES (:service, :event_id)")
