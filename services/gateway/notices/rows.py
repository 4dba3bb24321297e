"""Tables of notices: what was drafted and became of each, further rounds, answers; and a case held with them."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.domain import NoticeState, notice_state
from services.gateway.store import Base, Case, Stored
from shared.events.values import Notice


class CaseNotice(Base):
    """A notice of a case. `content` is missing while only its delivery is known (it overtook the draft).

    It belongs to the present draft of its round when `drafted_at` is the round's: an older draft's notices stay as
    history. `released_at`: its rung of the ladder was reached, or it was a reminder's time, for `release_why`.
    `hand_over_at`: since when a person is to hand it in; `handed_at`: that was done, with the number `handed_receipt`,
    or it failed for `handed_failed`. `stopped_at`: an official said that it must not go out any more.
    `edited_at`: a person changed its words; `before`: as it was drafted.
    """

    __tablename__ = "notices"

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    round: Mapped[int] = mapped_column(default=0)
    position: Mapped[int | None]  # place in the ladder of recipients
    content: Mapped[Notice | None] = mapped_column(Stored(Notice))
    sha256: Mapped[str | None]
    drafted_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    release_why: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    receipt: Mapped[str | None]
    message_id: Mapped[str | None]
    bounced_at: Mapped[datetime | None]
    bounce_reason: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_why: Mapped[str | None]
    hand_over_at: Mapped[datetime | None]
    hand_over_why: Mapped[str | None]  # what kept a machine from it; empty where there is only a form
    handed_at: Mapped[datetime | None]
    handed_by: Mapped[str | None]
    handed_receipt: Mapped[str | None]
    handed_failed: Mapped[str | None]
    stopped_at: Mapped[datetime | None]
    stopped_by: Mapped[str | None]
    edited_at: Mapped[datetime | None]
    edited_by: Mapped[str | None]
    before: Mapped[Notice | None] = mapped_column(Stored(Notice))

    @property
    def state(self) -> NoticeState:
        return notice_state(
            approved=bool(self.approved_at),
            sent=bool(self.sent_at),
            bounced=bool(self.bounced_at),
            withdrawn=bool(self.withdrawn_at or self.stopped_at),
            handing=bool(self.hand_over_at),
        )

    @property
    def unsent(self) -> bool:
        """Approved, and still able to go out."""
        return self.state in (NoticeState.APPROVED, NoticeState.HANDING) and not self.handed_at


class Round(Base):
    """A further draft of a case, from 1, and its verdict. Round 0 is the case's own."""

    __tablename__ = "rounds"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    why: Mapped[str]
    drafted_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    verdict: Mapped[str | None]
    note: Mapped[str | None]
    reviewer: Mapped[str | None]
    scripted: Mapped[bool | None]
    deciding_until: Mapped[datetime | None]
    undecided_at: Mapped[datetime | None]

    @property
    def awaits(self) -> bool:
        """A person has to decide it."""
        return bool(self.drafted_at) and not self.decided_at and not self.deciding_until


class Answer(Base):
    """What a recipient, or a mail server on the way to it, said."""

    __tablename__ = "answers"

    answer_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    notice_id: Mapped[UUID | None]
    kind: Mapped[str]
    recipient: Mapped[str]
    ticket: Mapped[str]
    words: Mapped[str] = mapped_column(sa.Text)
    channel: Mapped[str]
    answered_at: Mapped[datetime]


@dataclass
class Held:
    """A case that is held, with its notices and further rounds. `answers`: those that an event is about."""

    case: Case
    notices: dict[UUID, CaseNotice] = field(default_factory=dict)
    rounds: dict[int, Round] = field(default_factory=dict)
    answers: dict[UUID, Answer] = field(default_factory=dict)

    @property
    def rows(self) -> list[Base]:
        return [*self.notices.values(), *self.rounds.values(), *self.answers.values()]

    def notice(self, notice_id: UUID) -> CaseNotice:
        """The notice, made when this is the first word of it."""
        if notice_id not in self.notices:
            self.notices[notice_id] = CaseNotice(notice_id=notice_id, case_id=self.case.case_id, round=0)
        return self.notices[notice_id]

    def round(self, number: int) -> Round:
        if number not in self.rounds:
            self.rounds[number] = Round(case_id=self.case.case_id, round=number, why="")
        return self.rounds[number]

    def drafted_at(self, number: int) -> datetime | None:
        """Of the round's present draft."""
        further = self.rounds.get(number)
        return further.drafted_at if further else (None if number else self.case.drafted_at)

    def draft(self, number: int = 0) -> list[CaseNotice]:
        """The notices of the round's present draft, in ladder order."""
        at = self.drafted_at(number)
        rows = self.notices.values()
        present = [row for row in rows if row.content and row.round == number and row.drafted_at == at]
        return sorted(present, key=lambda row: (row.position or 0, row.notice_id))

    def known(self) -> list[CaseNotice]:
        """What a reviewer should see: the present draft of each round, and whatever was sent or came back besides."""
        present = [row for number in (0, *sorted(self.rounds)) for row in self.draft(number)]
        shown = {row.notice_id for row in present}
        rest = (row for row in self.notices.values() if row.notice_id not in shown)
        return present + [row for row in rest if row.sent_at or row.bounced_at]
