"""What came back to a notice, written down once and told; whichever channel it came by."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifier.ladder.advance import advance
from services.notifier.ladder.store import hold
from services.notifier.masking import masked
from services.notifier.store import AnswerRow, Delivery
from shared.database import Transaction
from shared.events import AnswerKind, NoticeAnswered
from shared.events.answers import MAX_WORDS
from shared.identity import identity

# These prove that the recipient has the notice.
PROVING = {
    AnswerKind.DELIVERED: "delivered",
    AnswerKind.RECEIPT: "answer",
    AnswerKind.REMOVED: "answer",
    AnswerKind.REFUSED: "answer",
    AnswerKind.COUNTER_NOTICE: "answer",
    AnswerKind.QUESTION: "answer",
    AnswerKind.AUTO_REPLY: "answer",
}


@dataclass(frozen=True)
class Answer:
    """`source`: its own name in the world (`mail:<Message-ID>`, `api:<connector>:<report>:<status>`). `how` it proves
    the receipt, where its kind alone does not say it: api or person."""

    source: str
    kind: AnswerKind
    ticket: str
    words: str
    channel: str
    at: datetime
    how: str = ""


async def note(tx: Transaction, case_id: UUID, notice_id: UUID | None, answer: Answer) -> bool:
    """Whether it was news. `notice_id`: None when only the case is known.

    A notice is received when the first answer says so, not before it was sent and not in the future, whatever the
    answer's time: clocks of the law start there.
    """
    await hold(tx, [case_id])
    answer_id = identity("answer", answer.source)
    if await tx.get(AnswerRow, answer_id) is not None:
        return False
    row = await tx.get(Delivery, notice_id, lock=True) if notice_id else None
    words = masked(answer.words[: 2 * MAX_WORDS])[:MAX_WORDS]
    at = _sane(answer.at, row, tx.clock.now())
    tx.add(
        AnswerRow(
            answer_id=answer_id,
            case_id=case_id,
            notice_id=notice_id,
            kind=answer.kind.value,
            ticket=answer.ticket,
            words=words,
            channel=answer.channel,
            source=answer.source,
            answered_at=at,
        )
    )
    if row is not None:
        row.ticket = answer.ticket or row.ticket
        if row.received_at is None and (how := _proof(answer)):
            row.received_at, row.received_how = at, how
    told = NoticeAnswered(
        case_id=case_id,
        notice_id=notice_id,
        answer_id=answer_id,
        provider=row.provider if row else "",
        recipient=row.address if row else "",
        kind=answer.kind,
        ticket=answer.ticket,
        words=words,
        channel=answer.channel,
        answered_at=at,
    )
    tx.publish(told, id=identity("answered", answer_id))
    await advance(tx, case_id)
    return True


def _proof(answer: Answer) -> str:
    """Words that nobody understood prove the receipt too, where they are known to be the recipient's."""
    if answer.kind is AnswerKind.UNCLEAR:
        return answer.how
    return (answer.how or PROVING[answer.kind]) if answer.kind in PROVING else ""


def _sane(at: datetime, row: Delivery | None, now: datetime) -> datetime:
    sent_at = row.sent_at if row is not None else None
    return min(max(at, sent_at) if sent_at else at, now)
