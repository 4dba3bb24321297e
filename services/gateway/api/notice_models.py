"""What the API tells of notices, further rounds and answers."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.gateway.domain import NoticeState
from services.gateway.notices.rows import CaseNotice, Round
from shared.events import Verdict
from shared.events.values import Attachment, NoticeClock, Recipient, Requirement


class NoticeItem(BaseModel):
    """A notice, and what became of it. Its words are null while only its delivery is known (that overtook the draft).

    `sha256`: what a decision names it by. `rung` of the ladder: 0 goes out at once, a later one `after_hours`;
    `follows`: the notice that a reminder reminds of. `korean`: the whole notice in Korean. `missing`: what its law asks
    for and nothing in it says; such a notice cannot be approved. `hand_over_at`: since when a person is to hand it in,
    for `hand_over_why`; `stopped_at`: it must not go out any more.
    """

    notice_id: UUID
    round: int
    state: NoticeState
    sha256: str | None
    recipient: Recipient | None = None
    language: str | None = None
    subject: str | None = None
    body: str | None = None
    korean: str | None = None
    requirements: tuple[Requirement, ...] = ()
    occasion: str | None = None
    rung: int = 0
    after_hours: int = 0
    follows: UUID | None = None
    clock: NoticeClock | None = None
    locale: str = ""
    attachments: tuple[Attachment, ...] = ()
    fields: dict[str, str] = {}
    missing: tuple[str, ...] = ()
    urgent: bool = False
    drafted_at: datetime | None
    approved_at: datetime | None
    released_at: datetime | None
    release_why: str | None
    sent_at: datetime | None
    receipt: str | None
    message_id: str | None
    bounced_at: datetime | None
    bounce_reason: str | None
    withdrawn_at: datetime | None
    withdrawn_why: str | None
    hand_over_at: datetime | None
    hand_over_why: str | None
    handed_at: datetime | None
    handed_by: str | None
    handed_receipt: str | None
    handed_failed: str | None
    stopped_at: datetime | None
    stopped_by: str | None

    @classmethod
    def of(cls, row: CaseNotice) -> "NoticeItem":
        words = row.content.model_dump() if row.content else {}
        return cls.model_validate({**words, **vars(row), "state": row.state})


class RoundItem(BaseModel):
    """A further draft, from 1, and its verdict. `why` it came: reappeared, regulator, …"""

    model_config = ConfigDict(from_attributes=True)

    round: int
    why: str
    drafted_at: datetime | None
    decided_at: datetime | None
    verdict: Verdict | None
    note: str | None
    reviewer: str | None
    scripted: bool | None
    notices: list[NoticeItem] = []

    @classmethod
    def of(cls, row: Round, draft: list[CaseNotice]) -> "RoundItem":
        return cls.model_validate(row).model_copy(update={"notices": [NoticeItem.of(notice) for notice in draft]})


class AnswerItem(BaseModel):
    """What a recipient, or a mail server on the way to it, said: of what `kind`, and its `words`."""

    model_config = ConfigDict(from_attributes=True)

    answer_id: UUID
    notice_id: UUID | None
    kind: str
    recipient: str
    ticket: str
    words: str
    channel: str
    answered_at: datetime
