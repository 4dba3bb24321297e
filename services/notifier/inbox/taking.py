"""A mail taken up: read, matched, judged, noted; once, whatever happens between."""

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.notifier.answers import Answer, note
from services.notifier.inbox.dsn import Report, Status
from services.notifier.inbox.judging import judge
from services.notifier.inbox.letter import Incoming, Unreadable, read
from services.notifier.inbox.matching import Match, NoMatch, match
from services.notifier.inbox.quoting import own_words
from services.notifier.inbox.store import MailRow, UnmatchedRow
from services.notifier.inbox.tickets import ticket
from services.notifier.ladder.store import hold
from services.notifier.store import AnswerRow, Delivery
from shared.database import Transaction
from shared.events import AnswerKind
from shared.identity import identity
from shared.text import one_line

MAX_SUBJECT = 200  # characters kept of an unmatched mail
# By mail to one case; beyond it somebody floods it, and a person assigns what is worth it. What a stranger may have
# written (a From line or a delivery status is easily made) leaves room for the recipients.
MOST_ANSWERS, MOST_UNPROVEN = 200, 100
BY_ACTION = {
    "failed": AnswerKind.BOUNCED,
    "delayed": AnswerKind.DELAYED,
    "delivered": AnswerKind.DELIVERED,
    "expanded": AnswerKind.DELIVERED,  # arrived at the address, and was passed on to several (RFC 3464, 2.3.3)
}

OF_THE_WHOLE_MAIL = (AnswerKind.RECEIPT, AnswerKind.AUTO_REPLY)


@dataclass(frozen=True)
class Reading:
    """`own`: addresses that we send from. `authserv_id`: of the server that receives for us (RFC 8601)."""

    own: frozenset[str]
    authserv_id: str = ""


async def take(tx: Transaction, raw: bytes, mail_id: UUID, arrived: datetime, reading: Reading) -> str:
    """The outcome (`MailRow`). `mail_id`: of its place in the mailbox; the same again changes nothing. `arrived`: when
    our own server got it; what the mail says of its date is its sender's."""
    if (known := await tx.get(MailRow, mail_id)) is not None:
        return known.outcome
    row = MailRow(mail_id=mail_id, message_id="", outcome="", taken_at=tx.clock.now(), case_id=None, notice_id=None)
    try:
        mail = await asyncio.to_thread(read, raw)  # up to a second, where somebody wants it
    except Unreadable as problem:
        row.outcome = "unreadable"
        tx.add(_unmatched(mail_id, None, NoMatch(str(problem)), arrived))
    else:
        row.message_id = known_by(mail)
        await _take(tx, mail, row, arrived, reading)
    tx.add(row)
    return row.outcome


async def _take(tx: Transaction, mail: Incoming, row: MailRow, arrived: datetime, reading: Reading) -> None:
    if await _repeats(tx, row):
        row.outcome = "repeat"
        return
    if mail.sender in reading.own and mail.report is None:
        row.outcome = "own"
        return
    found = await match(tx, mail, reading.authserv_id)
    if isinstance(found, Match):
        most = MOST_ANSWERS if found.speaks and mail.report is None else MOST_UNPROVEN
        if await _flooded(tx, found.deliveries[0].case_id, most):
            found = NoMatch(f"more than {most} answers to one case", found.deliveries[0].case_id)
    if isinstance(found, NoMatch):
        row.outcome = "unmatched"
        tx.add(_unmatched(row.mail_id, mail, found, arrived))
        return
    row.case_id, row.notice_id, row.outcome = found.deliveries[0].case_id, found.deliveries[0].notice_id, "status"
    await hold(tx, (delivery.case_id for delivery in found.deliveries))
    for delivery in found.deliveries:
        answer = _answer(mail, delivery, found, arrived)
        if answer is not None:
            row.outcome = "answer"
            source = f"mail:{row.message_id}:{delivery.notice_id}"
            await note(tx, delivery.case_id, delivery.notice_id, replace(answer, source=source))


def _answer(mail: Incoming, delivery: Delivery, found: Match, arrived: datetime) -> Answer | None:
    """None for a status that says nothing about the recipient (relayed)."""
    if mail.report is not None:
        status = status_of(mail.report, delivery)
        kind = BY_ACTION.get(status.action) if status else None
        return Answer("", kind, "", status.line, "mail", arrived) if kind and status else None
    words = own_words(mail.text, delivery.letter().notice.body)
    if not found.speaks:  # kept, but nothing follows from it; whoever reads it is to see that it may be a stranger's
        return Answer("", AnswerKind.UNCLEAR, "", f"[{mail.domain}?] {words}", "mail", arrived)
    number = ticket(mail, words)
    kind = judge(mail.subject, words, mail.automatic, number)
    if len(found.deliveries) > 1 and kind not in OF_THE_WHOLE_MAIL:
        kind = AnswerKind.UNCLEAR  # which of the notices it decides on, a person reads
    return Answer("", kind, number, words, "mail", arrived, how="answer")


def status_of(report: Report, delivery: Delivery) -> Status | None:
    """That of our recipient, else the worst: a mailbox that passes on may be told by another name."""
    named = [status for status in report.statuses if status.recipient == delivery.address.lower()]
    order = ("failed", "delayed", "delivered", "expanded", "relayed")
    return min(named or report.statuses, key=lambda status: order.index(status.action), default=None)


def _unmatched(mail_id: UUID, mail: Incoming | None, found: NoMatch, arrived: datetime) -> UnmatchedRow:
    words = own_words(mail.text) if mail else ""
    number = ticket(mail, words) if mail else ""
    kind = judge(mail.subject, words, mail.automatic, number) if mail else AnswerKind.UNCLEAR
    return UnmatchedRow(
        mail_id=mail_id,
        message_id=mail.message_id if mail else "",
        sender=mail.sender if mail else "",
        subject=one_line(mail.subject, MAX_SUBJECT) if mail else "",
        why=found.why,
        kind=kind.value,
        ticket=number,
        case_id=found.case_id,
        arrived_at=arrived,
    )


def known_by(mail: Incoming) -> str:
    """The same mail at another place of the mailbox, or by another way with other headers on top, has the same. With
    what it says: whoever takes the Message-ID of another's answer (or none, or ours) must not make that one a repeat.
    """
    said = "\n".join((mail.sender, mail.subject, mail.text, *mail.refers, repr(mail.report)))
    return f"{mail.message_id} {hashlib.sha256(said.encode()).hexdigest()[:32]}".strip()


async def _repeats(tx: Transaction, row: MailRow) -> bool:
    same = sa.select(MailRow.mail_id).where(MailRow.message_id == row.message_id).limit(1)
    return await tx.scalar(same) is not None


async def _flooded(tx: Transaction, case_id: UUID, most: int) -> bool:
    count = sa.select(sa.func.count()).select_from(AnswerRow)
    mine = count.where(AnswerRow.case_id == case_id, AnswerRow.channel == "mail")
    return (await tx.scalar(mine) or 0) >= most


def place(mailbox: str, uid_validity: int, uid: int) -> UUID:
    return identity("mail", mailbox, uid_validity, uid)


def broken(tx: Transaction, mail_id: UUID, why: str) -> None:
    """A mail that nobody could read: kept for a person like any that is none."""
    now = tx.clock.now()
    tx.add(_unmatched(mail_id, None, NoMatch(why), now))
    tx.add(MailRow(mail_id=mail_id, message_id="", outcome="unreadable", taken_at=now, case_id=None, notice_id=None))
