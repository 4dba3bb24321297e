"""How long each provider takes to react: from the acceptance of a notice to its first answer, or to the removal."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.drafter.store import Base
from shared.database import Transaction
from shared.events import AnswerKind, NoticeAnswered, NoticeSent, RemovalVerified

LATEST = 50  # reactions of a provider that count: desks change, and what they did last year says little
MOST = 2_000  # reactions of all of them that a draft looks at: 6-13 ms of a busy machine, however many are kept
FEWEST = 3  # below that a median is an anecdote
# Somebody, or at least its ticket system, took the matter up. What a mail server says is no reaction.
REACTIONS = frozenset({
    AnswerKind.RECEIPT, AnswerKind.REMOVED, AnswerKind.REFUSED, AnswerKind.COUNTER_NOTICE, AnswerKind.QUESTION,
})  # fmt: skip


class AnswerTime(Base):
    """A notice that was sent, and its recipient's first reaction. `provider`: of the contact graph, or its mailbox."""

    __tablename__ = "answer_times"

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    provider: Mapped[str]
    sent_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


# A sent_at that lies behind the answer is a clock that was set meanwhile: no measure.
MEDIANS = sa.text("""
    SELECT provider, percentile_cont(0.5) WITHIN GROUP (ORDER BY hours) AS hours
    FROM (
        SELECT provider, extract(epoch FROM answered_at - sent_at) / 3600 AS hours,
            row_number() OVER (PARTITION BY provider ORDER BY answered_at DESC) AS place
        FROM (
            SELECT * FROM answer_times WHERE answered_at >= sent_at ORDER BY answered_at DESC LIMIT :most
        ) AS latest
    ) AS reactions
    WHERE place <= :latest GROUP BY provider HAVING count(*) >= :fewest
""")
# Whoever was asked last before it was gone: it stood for the others until then.
REMOVED = sa.text("""
    UPDATE answer_times SET answered_at = :at
    WHERE notice_id = (
        SELECT notice_id FROM answer_times WHERE case_id = :case_id AND sent_at <= :at
        ORDER BY sent_at DESC, notice_id LIMIT 1
    ) AND answered_at IS NULL
""")


async def measured(tx: Transaction) -> Mapping[str, float]:
    """Median hours by provider, or by mailbox where the contact graph knows none."""
    rows = await tx.execute(MEDIANS, {"latest": LATEST, "fewest": FEWEST, "most": MOST})
    return {row.provider: round(float(row.hours), 1) for row in rows}


async def sent(event: NoticeSent, tx: Transaction) -> None:
    to = event.recipient
    provider = to.provider or to.email.lower()
    if provider and await tx.get(AnswerTime, event.notice_id) is None:
        tx.add(
            AnswerTime(
                notice_id=event.notice_id,
                case_id=event.case_id,
                provider=provider,
                sent_at=event.sent_at,
                answered_at=None,
            )
        )


async def answered(event: NoticeAnswered, tx: Transaction) -> None:
    if event.notice_id is None or event.kind not in REACTIONS:
        return
    row = await tx.get(AnswerTime, event.notice_id, lock=True)
    if row is not None and (row.answered_at is None or event.answered_at < row.answered_at):
        row.answered_at = event.answered_at


async def removed(event: RemovalVerified, tx: Transaction) -> None:
    """Of who was asked last before it was gone, unless it answered before."""
    await tx.execute(REMOVED, {"case_id": event.case_id, "at": event.first_gone_at})
