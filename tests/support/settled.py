"""A house at rest after one case went all the way to its notice, on real servers: for who then breaks a promise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiosmtplib
import sqlalchemy as sa

from chaos.history import Line, append
from chaos.invariants import World, check
from deploy.local.buckets import S3Address
from haetae.access import objects_of
from services.gateway.accounts import Account
from services.gateway.agencies.scoping import EVERYTHING, HOME
from services.gateway.door.store import PageRow, ReportRow
from services.gateway.tree import growing
from services.gateway.verdict import Decision
from services.notifier.channels.mail.letter import compose
from services.notifier.channels.mail.smtp import Server
from services.notifier.channels.port import Letter
from shared.bus.kafka import KafkaBroker
from shared.bus.port import Record
from shared.clock import ManualClock
from shared.database import Database
from shared.events import TOPICS, Envelope, Event, EvidenceSealed, NoticeSent, Verdict
from shared.events.base import Lane
from shared.events.envelope import decode
from shared.objects.exports import Exports
from shared.objects.folder import FolderStore
from shared.objects.vault import open_vault
from shared.outbox import OUTBOX
from tests.support import sealed
from tests.support.approvals import APPROVALS, KEY
from tests.support.captures import MASTER_KEY, evidence_settings
from tests.support.gateway import Desk, Story, decide, make_desk
from tests.support.histories import KEY as HISTORY_KEY
from tests.support.histories import LOG, on_record
from tests.support.notifier import ORIGIN, Notifier
from tests.support.stack import Mail, Migrated

SERVICES = ("evidence", "gateway", "notifier")
NUMBER = "1234-5678"
WAITING = sa.select(OUTBOX).where(OUTBOX.c.published_at.is_(None)).order_by(OUTBOX.c.position)


@dataclass
class Settled:
    """`broken` says what `check` finds; everything else brings something about, or writes the wrong thing."""

    world: World
    story: Story
    owner: Database
    broker: KafkaBroker
    mail: Mail
    desk: Desk
    notifier: Notifier
    evidence: sealed.House
    clock: ManualClock
    _services: dict[str, Database] = field(default_factory=dict)

    @property
    def case(self) -> UUID:
        return self.story.case

    async def broken(self, *only: str) -> dict[str, list[str]]:
        """By the name of each invariant that does not hold, its sentences."""
        found: dict[str, list[str]] = {}
        for violation in await check(self.world, only):
            found.setdefault(violation.invariant, []).append(violation.what)
        return found

    def acknowledged(self, kind: str, **data: object) -> None:
        append(self.world.history, Line(self.clock.now(), kind, data))

    async def change(self, statement: str, **values: object) -> None:
        """As the owner of the tables, whom nothing stops."""
        async with self.owner.transaction() as tx:
            await tx.execute(sa.text("SET LOCAL session_replication_role = replica"))
            changed = await tx.execute(sa.text(statement), {"case": self.case, **values})
            assert changed.rowcount

    async def say(self, *events: Event) -> None:
        """Into their topics, whatever anybody knows of it."""
        envelopes = [Envelope(event, uuid4(), "/haetae/test", self.clock.now()) for event in events]
        await self.broker.produce([Record(e.event.topic.name, e.key, e.value, e.headers) for e in envelopes])

    async def post(self, name: str, **changed: Any) -> None:
        """The case's notice, with these fields changed, under this Message-ID, past the notifier."""
        letter = Letter(self.case, self.story.notices[0], (), name)
        raw = compose(letter, ORIGIN, self.clock.now())
        for old, new in changed.values():
            assert old in raw
            raw = raw.replace(old, new)
        await self.deliver(raw)

    async def deliver(self, raw: bytes) -> None:
        to = self.story.notices[0].recipient.email
        await aiosmtplib.send(raw, sender=ORIGIN.sender, recipients=[to], hostname=self.mail.host, port=self.mail.port)

    async def relay(self) -> list[Event]:
        """What waits in the outboxes, into its topics."""
        said: list[Event] = []
        for database in self._services.values():
            async with database.transaction() as tx:
                rows = (await tx.execute(WAITING)).all()
                records = [
                    Record(row.topic, row.key, row.value, {name: text.encode() for name, text in row.headers.items()})
                    for row in rows
                ]
                await self.broker.produce(records)
                ids = [row.event_id for row in rows]
                await tx.execute(sa.update(OUTBOX).where(OUTBOX.c.event_id.in_(ids)).values(published_at=sa.func.now()))
            said += [decode(record.value, dict(record.headers)).event for record in records]
        return said

    async def run(self) -> None:
        """Flagged, sealed, drafted, approved, sent, and the next look at the page is due."""
        story = self.story
        await self.evidence.seal(story.flagged.finding.url)
        (row,) = await self._rows("SELECT manifest_sha256 FROM evidence.evidence")
        kept = story.sealed.model_copy(update={"manifest_sha256": row.manifest_sha256})
        assert isinstance(kept, EvidenceSealed)
        told = story.flagged, kept, story.drafted
        await self.say(*told)
        await self.desk.tell(*told)
        chosen = {notice.notice_id: notice.sha256 for notice in story.notices}
        by = Account(pseudonym="reviewer-7", roles=["reviewer"], scripted=False, agency=HOME, login="kim")
        await decide(self.desk.database, APPROVALS, self.case, Decision(Verdict.APPROVED, chosen, ""), by)
        for event in await self.relay():
            if event.type == "review.decided.v1":
                await self.notifier.handle(event)
        assert await self.notifier.round() == 1
        for event in await self.relay():
            if isinstance(event, NoticeSent):
                await self.desk.tell(event)
        await self._reported()
        async with self.desk.database.transaction() as tx:
            await on_record(tx)
            await growing.number(tx)
        async with self.desk.database.transaction() as tx:
            assert await growing.sign_head(tx, LOG, HISTORY_KEY)
        await self.relay()

    async def _reported(self) -> None:
        now, report_id, url = self.clock.now(), uuid4(), self.story.flagged.finding.url
        async with self.desk.database.transaction() as tx:
            tx.add(
                ReportRow(
                    report_id=report_id,
                    number=NUMBER.replace("-", ""),
                    agency=HOME,
                    source="victim",
                    category="",
                    language="en",
                    consents=["process"],
                    pictures=0,
                    created_at=now,
                    updated_at=now,
                )
            )
            await tx.flush()
            page = PageRow(page_id=uuid4(), report_id=report_id, agency=HOME, place=1, url=url, case_id=self.case)
            page.reported_at, page.final = now, False
            tx.add(page)
        self.acknowledged("report", url=url, number=NUMBER)
        self.acknowledged("approval", case=str(self.case), notice=str(self.story.notices[0].notice_id))
        self.acknowledged("answer", method="POST", path="/api/cases", status=200, retry_after=None)

    async def _rows(self, query: str) -> list[Any]:
        async with self.owner.transaction() as tx:
            return list((await tx.execute(sa.text(query))).all())


@asynccontextmanager
async def settled(
    migrated: Migrated, mail: Mail, kafka: str, prefix: str, store: S3Address, folder: Path
) -> AsyncIterator[Settled]:
    env = {
        **mail.env,
        **store.env(),
        "HAETAE_MASTER_KEY": MASTER_KEY,
        "HAETAE_APPROVAL_KEY": KEY,
        "HAETAE_DATABASE_URL": migrated.owner_url,
        "HAETAE_KAFKA_BOOTSTRAP": kafka,
        "HAETAE_KAFKA_IDEMPOTENCE": "0",
        "HAETAE_TOPIC_PREFIX": prefix,
    }
    (folder / "history.jsonl").touch()
    clock, story = ManualClock(), Story.of(f"post/{uuid4()}")
    async with AsyncExitStack() as opened:
        broker = KafkaBroker(kafka, prefix, idempotence=False)
        opened.push_async_callback(broker.close)
        await broker.ensure_topics({topic.name: 1 for topic in TOPICS if topic.lane is Lane.CASE})
        of: dict[str, Database] = {}
        for name in SERVICES:
            settings = EVERYTHING if name == "gateway" else {}
            of[name] = Database(migrated.dsn_for(name), f"/haetae/{name}", clock, settings=settings)
            opened.push_async_callback(of[name].close)
        owner = Database(migrated.owner_url, "/haetae/gateway", clock, schema="gateway", settings=EVERYTHING)
        opened.push_async_callback(owner.close)
        desk = make_desk(migrated.dsn_for("gateway"), folder, clock)
        opened.push_async_callback(desk.database.close)
        vault = await opened.enter_async_context(open_vault(objects_of(env)))
        evidence_env = evidence_settings()
        sealer = await opened.enter_async_context(sealed.Sealer(evidence_env, clock))
        exports = Exports(FolderStore(folder / "exports"), vault.keys, clock)
        evidence = sealed.House(of["evidence"], vault, exports, sealer, evidence_env, clock)
        notifier = Notifier(of["notifier"], clock, Server(mail.host, mail.port, ORIGIN.sender, timeout_s=10))
        world = World(env, folder / "history.jsonl")
        made = Settled(world, story, owner, broker, mail, desk, notifier, evidence, clock, of)
        await made.run()
        yield made
