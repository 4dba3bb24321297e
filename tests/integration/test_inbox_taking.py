"""Real mails of every manner of recipient, from a real SMTP conversation to the answer that the case gets."""

from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage

import aiosmtplib
import pytest
import sqlalchemy as sa

from services.notifier.inbox import taking
from services.notifier.inbox.store import MailRow, UnmatchedRow
from services.notifier.inbox.taking import Reading, place, take
from services.notifier.store import SENT, AnswerRow, Delivery, delivery
from shared.clock import ManualClock
from shared.database import Database
from shared.events import AnswerKind, NoticeAnswered
from shared.notices import reference
from shared.outbox import OUTBOX
from tests.support.notifier import ORIGIN, approval
from tests.support.operators_peer import Peer

READING = Reading(own=frozenset({"notices@agency.test"}))


class Inbox:
    def __init__(self, database: Database, clock: ManualClock, peer: Peer) -> None:
        self.database, self.clock, self.peer, self.uid, self.reading = database, clock, peer, 0, READING

    async def send(self, *manners: str) -> None:
        """Approved notices that the peer got, as the sender leaves them."""
        event = approval(*(f"abuse@{one}-1.test" for one in manners))
        for notice in event.approved:
            mail = EmailMessage()
            mail["Subject"], mail["From"], mail["To"] = notice.subject, ORIGIN.sender, notice.recipient.email
            mail["Message-ID"] = f"<{notice.notice_id}.0123456789abcdef@agency.test>"
            mail["X-Haetae-Reference"] = reference(event.case_id)
            mail.set_content(notice.body)
            await aiosmtplib.send(mail, hostname=self.peer.host, port=self.peer.port, start_tls=False)
            async with self.database.transaction() as tx:
                row = delivery(event, notice, mail["Message-ID"], tx.clock.now())
                row.state, row.sent_at = SENT, tx.clock.now()
                tx.add(row)

    async def take(self, raw: bytes) -> str:
        self.uid += 1
        async with self.database.transaction() as tx:
            return await take(tx, raw, place("INBOX", 1, self.uid), tx.clock.now(), self.reading)

    async def hours(self, hours: float) -> list[str]:
        """So many hours pass; the outcomes of the mails that came."""
        self.clock.advance(hours * 3600)
        return [await self.take(raw) for raw in self.peer.due()]

    async def rows(self, model):
        async with self.database.transaction() as tx:
            return await tx.scalars(sa.select(model))

    async def told(self) -> list[NoticeAnswered]:
        async with self.database.transaction() as tx:
            rows = (await tx.execute(sa.select(OUTBOX.c.value, OUTBOX.c.headers).order_by(OUTBOX.c.position))).all()
        values = [value for value, headers in rows if headers["ce_type"] == NoticeAnswered.type]
        return [NoticeAnswered.model_validate_json(value) for value in values]

    async def kinds(self) -> list[str]:
        return sorted(row.kind for row in await self.rows(AnswerRow))


@pytest.fixture
async def inbox(migrated):
    clock = ManualClock()
    database = Database(migrated.dsn_for("notifier"), "/haetae/notifier", clock)
    async with Peer(clock) as peer:
        yield Inbox(database, clock, peer)
    await database.close()


UNDERSTOOD = {
    "honest": ["receipt", "removed"],
    "refusing": ["receipt", "refused"],
    "countering": ["counter_notice"],
    "asking": ["question"],
    "away": ["auto_reply"],
    "delivered": ["delivered"],
    "late": ["bounced", "delayed"],
    "old": ["bounced"],
}


async def test_each_manner_is_understood(inbox):
    await inbox.send(*UNDERSTOOD)
    assert set(await inbox.hours(48)) == {"answer"}
    kinds = {f"abuse@{manner}-1.test": kinds for manner, kinds in UNDERSTOOD.items()}
    told = await inbox.told()
    assert {one: sorted(event.kind for event in told if event.recipient == one) for one in kinds} == kinds
    assert await inbox.kinds() == sorted(kind for several in kinds.values() for kind in several)
    for row in await inbox.rows(Delivery):
        proven = set(kinds[row.address]) - {"bounced", "delayed"}
        assert (row.received_at is not None) == bool(proven), row.address
        assert bool(row.ticket) == ("receipt" in kinds[row.address]), row.address


async def test_our_own_quoted_words_decide_nothing(inbox):
    await inbox.send("honest")
    (got,) = inbox.peer.got
    text = b"From: abuse@honest-1.test\r\nIn-Reply-To: " + got.message_id.encode() + b"\r\n\r\nWe look at it.\r\n\r\n"
    body = (await inbox.rows(Delivery))[0].notice["body"]
    quoted = (body + "\nThe content has been removed.").replace("\n", "\r\n> ")
    await inbox.take(text + b"> " + quoted.encode())
    assert await inbox.kinds() == ["unclear"]


async def test_a_stranger_neither_removes_nor_bounces(inbox):
    """What a stranger writes is kept for a person; nothing follows from it."""
    await inbox.send("hostile")
    assert await inbox.hours(1) == ["unmatched", "unmatched", "answer", "unreadable"]
    assert await inbox.kinds() == ["unclear"]
    (row,) = await inbox.rows(Delivery)
    assert (row.received_at, row.ticket, row.state) == (None, None, "sent")
    (answer,) = await inbox.rows(AnswerRow)
    assert answer.words.startswith("[stranger.test?] ")  # not as if the recipient had said it
    whys = {row.why for row in await inbox.rows(UnmatchedRow)}
    assert "a delivery status about no mail of ours" in whys
    assert "a reference of ours, but not from its recipient's domain" in whys


async def test_each_mail_is_taken_up_once(inbox):
    await inbox.send("quick")
    inbox.clock.advance(3600)
    (raw,) = inbox.peer.due()
    assert await inbox.take(raw) == "answer"
    assert await inbox.take(raw) == "repeat"  # another place, the same Message-ID
    inbox.uid -= 1
    assert await inbox.take(raw) == "repeat"  # the same place: what was said of it
    assert len(await inbox.rows(MailRow)) == 2
    assert len(await inbox.told()) == 1


async def test_whoever_takes_the_message_id_of_an_answer_does_not_silence_it(inbox):
    await inbox.send("quick")
    inbox.clock.advance(3600)
    (raw,) = inbox.peer.due()
    name = message_from_bytes(raw)["Message-ID"]
    assert await inbox.take(f"From: a@stranger.test\r\nMessage-ID: {name}\r\n\r\nhello\r\n".encode()) == "unmatched"
    assert await inbox.take(b"From: a@stranger.test\r\n\r\nhello\r\n") == "unmatched"
    assert await inbox.take(b"Received: again\r\nFrom: a@stranger.test\r\n\r\nhello\r\n") == "repeat"
    assert await inbox.take(raw) == "answer"
    assert await inbox.kinds() == ["removed"]


async def test_a_flood_of_strangers_leaves_room_for_the_recipient(inbox, monkeypatch):
    monkeypatch.setattr(taking, "MOST_UNPROVEN", 3)
    await inbox.send("quick")
    named = inbox.peer.got[0].message_id
    forged = "From: a@{}.test\r\nMessage-ID: <{}@x.test>\r\nIn-Reply-To: {}\r\n\r\nWe refuse to remove it.\r\n"
    taken = [await inbox.take(forged.format("stranger", number, named).encode()) for number in range(5)]
    assert taken == ["answer"] * 3 + ["unmatched"] * 2
    assert await inbox.hours(1) == ["answer"]
    assert await inbox.kinds() == ["removed", "unclear", "unclear", "unclear"]


PROVEN = "Authentication-Results: mx.agency.test; dkim=pass header.d={}\r\n"
BY_REFERENCE = "From: Desk <desk@mail.{}>\r\nSubject: [#4711] {}\r\nMessage-ID: <{}@x.test>\r\n\r\nWe received it.\r\n"


async def test_an_answer_without_thread_counts_where_our_server_proved_the_recipients_domain(inbox):
    """The reference can be worked out from the page's address, and anybody can write a From line."""
    await inbox.send("silent")
    named = inbox.peer.got[0].reference
    await inbox.take(BY_REFERENCE.format("silent-1.test", named, 5).encode())  # nobody proves any sender
    assert await inbox.kinds() == ["unclear"]
    inbox.reading = Reading(READING.own, "mx.agency.test")
    for number, (sender, proven) in enumerate((("silent-1.test", ""), ("other.test", "other.test"))):
        head = PROVEN.format(proven) if proven else ""
        await inbox.take((head + BY_REFERENCE.format(sender, named, number)).encode())
    (row,) = await inbox.rows(Delivery)
    assert (row.ticket, row.received_how) == (None, None)
    assert await inbox.kinds() == ["unclear", "unclear"]
    await inbox.take((PROVEN.format("silent-1.test") + BY_REFERENCE.format("silent-1.test", named, 9)).encode())
    (row,) = await inbox.rows(Delivery)
    assert (row.ticket, row.received_how) == ("4711", "answer")


async def test_receipt_is_never_before_the_sending_nor_in_the_future(inbox):
    await inbox.send("silent")
    sent_at = (await inbox.rows(Delivery))[0].sent_at
    named = inbox.peer.got[0].message_id
    raw = f"From: a@silent-1.test\r\nIn-Reply-To: {named}\r\n\r\nYour ticket is noted.\r\n".encode()
    async with inbox.database.transaction() as tx:
        await take(tx, raw, place("INBOX", 1, 99), tx.clock.now() - timedelta(days=400), READING)
    assert (await inbox.rows(Delivery))[0].received_at == sent_at
    assert AnswerKind.RECEIPT in {event.kind for event in await inbox.told()}


async def test_an_answer_to_several_notices_in_one_mail_decides_none_of_them_but_confirms_all(inbox):
    await inbox.send("silent")
    async with inbox.database.transaction() as tx:
        (row,) = await tx.scalars(sa.select(Delivery))
        row.carrier_id = "<digest.0123456789abcdef@agency.test>"
        second = approval("abuse@silent-1.test", url="http://second.test/1")
        other = delivery(second, second.approved[0], "<other.0123456789abcdef@agency.test>", tx.clock.now())
        other.state, other.sent_at, other.carrier_id = SENT, tx.clock.now(), row.carrier_id
        tx.add(other)
    answer = "From: a@silent-1.test\r\nIn-Reply-To: {}\r\nSubject: {}\r\nMessage-ID: <{}@x.test>\r\n\r\n{}\r\n"
    digest = "<digest.0123456789abcdef@agency.test>"
    await inbox.take(answer.format(digest, "Re: notices", 1, "Your case number is 1700.").encode())
    assert [row.ticket for row in await inbox.rows(Delivery)] == ["1700", "1700"]
    await inbox.take(answer.format(digest, "Re: notices", 2, "It has been removed.").encode())
    assert await inbox.kinds() == ["receipt", "receipt", "unclear", "unclear"]
    named = reference(second.case_id)
    await inbox.take(answer.format(digest, f"Re: {named}", 3, "It has been removed.").encode())
    assert await inbox.kinds() == ["receipt", "receipt", "removed", "unclear", "unclear"]
