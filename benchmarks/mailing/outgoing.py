"""The notifier with approvals to send: the real handler and sender, on a real database and to a real mail server."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from services.notifier.channels.mail.channel import Mail
from services.notifier.channels.mail.letter import Origin, compose
from services.notifier.channels.mail.signing import Signature, sign
from services.notifier.channels.mail.smtp import Server
from services.notifier.channels.mail.submission import Submission
from services.notifier.channels.port import Letter
from services.notifier.delivery.budget import Budget
from services.notifier.delivery.sender import Sender
from services.notifier.handlers import enqueue
from services.notifier.removal.watching import Rhythm
from services.notifier.store import SENT, Delivery
from shared.approvals import Approvals
from shared.clock import SystemClock
from shared.database import Database
from shared.events import Envelope, ReviewDecided, Verdict
from shared.events.examples import FINDING, NOTICE
from shared.handling import Context
from shared.identity import case_id, identity
from shared.notices import sealed

KEY = SecretStr("a key for benchmarks, of thirty-two characters and more")
ORIGIN = Origin("Sample Centre", "notices@agency.test", "answers@agency.test", KEY)
APPROVALS = Approvals(KEY)
ENDLESS = Budget(mailbox_per_hour=10_000, mailbox_per_day=10_000, domain_per_hour=10_000, domain_per_day=10_000)
RHYTHM = Rhythm((3600.0,), confirm_after=600.0, guard_s=0.0)
LEASE_S = 85.0


def signature() -> Signature:
    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return Signature("haetae", "agency.test", "rsa-sha256", pem, key)


def approval(number: int, recipients: int) -> ReviewDecided:
    """Of a case with one notice."""
    url = f"http://host{number}.test/post/{number}"
    case = case_id(url)
    to = NOTICE.recipient.model_copy(update={"email": f"abuse@host{number % recipients}.test"})
    made = {"notice_id": identity("notice", case, to.email, "first"), "recipient": to, "follows": None}
    notice = sealed(NOTICE.model_copy(update=made))
    decided = ReviewDecided(
        case_id=case,
        verdict=Verdict.APPROVED,
        note="",
        approved=(notice,),
        finding=FINDING.model_copy(update={"url": url}),
        reviewer="reviewer-7",
        scripted=True,
        seal="0" * 64,
        decided_at=SystemClock().now(),
    )
    return APPROVALS.sealed(decided)


class Outgoing:
    """`noted`: the sink's file. `approved_at`: seconds of the clock, by Message-ID."""

    def __init__(self, url: str, port: int, noted: Path) -> None:
        self._noted = noted
        self._database = Database(url, "/haetae/notifier", SystemClock())
        self._submission = Submission(Server("127.0.0.1", port, ORIGIN.sender, timeout_s=20, tls="none"))
        self.signature = signature()
        self._channels = {"mail": Mail(self._submission.post, ORIGIN, (self.signature,))}
        self.approved_at: dict[str, float] = {}

    async def approve(self, event: ReviewDecided) -> None:
        handle = partial(enqueue, channels=self._channels, message_id=ORIGIN.message_id, approvals=APPROVALS)
        envelope = Envelope(event, event.case_id, "/benchmark", SystemClock().now())
        async with self._database.transaction(envelope) as tx:
            await handle(event, tx)
        for notice in event.approved:
            self.approved_at[ORIGIN.message_id(notice.notice_id)] = time.time()

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        sender = Sender(self._channels, RHYTHM, "0", LEASE_S, ENDLESS)
        context = Context(self._database, SystemClock(), _nowhere, stopping=stop.is_set)
        running = asyncio.create_task(sender.run(context))
        yield
        stop.set()
        await running

    async def sent(self) -> int:
        """How many are recorded as sent."""
        async with self._database.transaction() as tx:
            count = await tx.scalar(sa.select(sa.func.count(Delivery.notice_id)).where(Delivery.state == SENT))
        return count or 0

    def arrived(self) -> dict[str, list[float]]:
        """When, by Message-ID."""
        found: dict[str, list[float]] = {}
        for line in self._noted.read_text().splitlines():
            at, name = line.split(" ", 1)
            found.setdefault(name, []).append(float(at))
        return found

    def mails(self, count: int) -> list[tuple[bytes, str]]:
        """As they go out, for those who only hand them over."""
        made = []
        for number in range(count):
            (notice,) = approval(1_000_000 + number, count).approved
            mail = compose(Letter(UUID(int=number), notice), ORIGIN, SystemClock().now())
            made.append((sign(mail, (self.signature,)), notice.recipient.email))
        return made

    async def close(self) -> None:
        await self._submission.__aexit__(None, None, None)
        await self._database.close()


async def _nowhere(_: object) -> None:
    """Nothing is produced here."""
