"""Takes up what arrives in the agency's mailbox, each mail in a transaction of its own, in the order of arrival."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.dialects.postgresql import insert

from services.notifier.inbox.imap import Away, Refused, Server, Session
from services.notifier.inbox.store import MailboxRow, MailRow
from services.notifier.inbox.taking import Reading, broken, place, take
from shared.clock import Clock
from shared.database import Database, Transaction
from shared.failures import Transient
from shared.handling import Context, Task
from shared.metrics import Metrics
from shared.observing import calling

log = structlog.get_logger(__name__)

AT_ONCE = 50  # mails a round: the lease below covers them many times over
LEASE = timedelta(minutes=5)  # a reader that died leaves the mailbox to another after so long
FIRST_DAYS = 30  # of an old mailbox: what is older answers nothing that we sent
# Between two refused log-ins, doubled each time up to the longest: accounts are locked after some five in ten minutes.
REFUSED_S, LONGEST_REFUSED_S = 300.0, 3600.0
TRIES = 3  # to get a mail that the server does not hand out: it must not stop those behind it
STOP_POLL_S = 0.5


def tasks(server: Server | None, reading: Reading, instance: str, poll_s: float) -> dict[str, Task]:
    """None without a mailbox: answers are then read by persons alone."""
    if server is None:
        log.warning("answers and bounces are not read: HAETAE_IMAP_HOST is not set")
        return {}
    if not reading.authserv_id:
        log.warning("senders of answers are believed by their From line: HAETAE_IMAP_AUTHSERV_ID is not set")
    return {"inbox": Reader(server, reading, instance, poll_s).run}


@dataclass
class Reader:
    """`instance`: unique among the service's processes. Of several that read one mailbox, one holds the lease."""

    server: Server
    reading: Reading
    instance: str
    poll_s: float
    _session: Session | None = field(default=None, init=False)
    _refused_s: float = field(default=0.0, init=False)
    _failing: tuple[int, int] = field(default=(0, 0), init=False)  # UID, and how often it was not handed out

    async def run(self, context: Context) -> None:
        looked_at: float | None = None
        while not context.stopping():
            now = context.clock.monotonic()
            if looked_at is None or now - looked_at >= max(self.poll_s, self._refused_s):
                looked_at = now if await self._looked(context) < AT_ONCE else None
            await context.clock.sleep(STOP_POLL_S if looked_at is not None else 0)
        await self._close()

    async def _looked(self, context: Context) -> int:
        try:
            return await self.round(context.database, context.clock, context.metrics)
        except Refused as failure:
            self._refused_s = min(max(REFUSED_S, 2 * self._refused_s), LONGEST_REFUSED_S)
            log.error("the agency's mailbox is not read", reason=str(failure), again_in_s=self._refused_s)
        except (Away, Transient) as failure:
            log.warning("the agency's mailbox has to wait", reason=str(failure))
            await self._close()
        return 0

    async def round(self, database: Database, clock: Clock, metrics: Metrics | None = None) -> int:
        """How many mails were looked at. Raises `Away`, `Transient`."""
        async with database.transaction() as tx:
            if not await self._leased(tx):
                return 0
        if self._session is None:
            with calling("imap", "log in"):
                self._session = await asyncio.to_thread(self.server.open)
            self._refused_s = 0.0
        session = self._session
        with calling("imap", "select"):
            validity = await asyncio.to_thread(session.select)
        async with database.transaction() as tx:
            last = await self._position(tx, validity)
        since = None if last else (clock.now() - timedelta(days=FIRST_DAYS)).date()
        uids = (await asyncio.to_thread(session.uids, last, since))[:AT_ONCE]
        if metrics:
            metrics.mailbox_read.set(clock.now().timestamp())
        done = [uid for uid in uids if await self._one(database, session, validity, uid, metrics)]
        if done:
            await asyncio.to_thread(session.mark, done)
        return len(uids)

    async def _one(
        self, database: Database, session: Session, validity: int, uid: int, metrics: Metrics | None
    ) -> bool:
        """Whether this process took it up."""
        mail_id = place(self.server.name, validity, uid)
        try:
            fetched = await asyncio.to_thread(session.fetch, uid)
        except Away:
            failing, times = self._failing
            self._failing = (uid, times + 1 if failing == uid else 1)
            if self._failing[1] >= TRIES:
                await self._give_up(database, mail_id, validity, uid, "the server does not hand it out")
            raise
        try:
            outcome = await self._record(database, mail_id, validity, uid, fetched)
        except Transient:
            raise
        except Exception as error:  # a mail must not stop those behind it: this one waits for a person
            outcome = "unreadable"
            await self._give_up(database, mail_id, validity, uid, f"the program fails on it: {type(error).__name__}")
        if outcome and metrics:
            metrics.mails.labels(outcome).inc()
        return bool(outcome)

    async def _record(
        self, database: Database, mail_id: UUID, validity: int, uid: int, fetched: tuple[bytes, datetime | None] | None
    ) -> str:
        """The outcome; empty when the mail is another process's, or is not there any more."""
        async with database.transaction() as tx:
            if not await self._mine(tx, validity, uid) or fetched is None:
                return ""
            raw, arrived = fetched
            outcome = await take(tx, raw, mail_id, arrived or tx.clock.now(), self.reading)
        log.info("a mail was taken up", mail_id=str(mail_id), outcome=outcome)
        return outcome

    async def _give_up(self, database: Database, mail_id: UUID, validity: int, uid: int, why: str) -> None:
        log.error("a mail cannot be taken up", mail_id=str(mail_id), why=why)
        async with database.transaction() as tx:
            if await self._mine(tx, validity, uid) and await tx.get(MailRow, mail_id) is None:
                broken(tx, mail_id, why)

    async def _leased(self, tx: Transaction) -> bool:
        new = insert(MailboxRow).values(mailbox=self.server.name, uid_validity=0, last_uid=0)
        await tx.execute(new.on_conflict_do_nothing())
        row, now = await tx.get(MailboxRow, self.server.name, lock=True), tx.clock.now()
        if row is None:
            return False
        if row.leased_by != self.instance and row.leased_until is not None and row.leased_until > now:
            return False
        row.leased_by, row.leased_until = self.instance, now + LEASE
        return True

    async def _position(self, tx: Transaction, validity: int) -> int:
        """Where to go on. Another UIDVALIDITY means other UIDs: everything again; what was taken up is known by its
        Message-ID."""
        row = await tx.get(MailboxRow, self.server.name, lock=True)
        if row is None:
            raise Away("another process gave the mailbox up: from the beginning")
        if row.uid_validity != validity:
            row.uid_validity, row.last_uid = validity, 0
        return row.last_uid

    async def _mine(self, tx: Transaction, validity: int, uid: int) -> bool:
        """Moves on to `uid`, unless another process reads the mailbox now, or did."""
        row = await tx.get(MailboxRow, self.server.name, lock=True)
        if row is None or row.leased_by != self.instance or row.uid_validity != validity or row.last_uid >= uid:
            return False
        row.last_uid, row.leased_until = uid, tx.clock.now() + LEASE
        return True

    async def _close(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await asyncio.to_thread(session.close)
