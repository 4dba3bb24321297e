"""What becomes of notices after they were sent: answers, the next rung, what is planned, what officials do by hand."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Value
from shared.events.topics import CONTENT_CHECKED, NOTICE_FOLLOWUP, NOTICE_ORDERS, NOTICE_SENT, REVIEW_DECIDED
from shared.events.values import Url

MAX_WORDS = 2_000  # characters of an answer that follow the case


class AnswerKind(StrEnum):
    DELIVERED = "delivered"  # a delivery status says so: the recipient has it
    RECEIPT = "receipt"  # confirmed, with or without a ticket
    REMOVED = "removed"  # says that it is gone; only a check proves it
    REFUSED = "refused"
    COUNTER_NOTICE = "counter_notice"  # the poster or operator disputes it: a person has to look
    QUESTION = "question"  # needs more before it acts
    BOUNCED = "bounced"  # a delivery status says that it did not arrive
    DELAYED = "delayed"  # a delivery status says that it is still tried
    AUTO_REPLY = "auto_reply"
    UNCLEAR = "unclear"


class NoticeAnswered(Event, topic=NOTICE_SENT, type="notice.answered.v1", key="case_id", owner="notifier"):
    """A recipient, or a mail server on the way to it, answered. `ticket`: its number for the matter. `words`: the
    beginning of what it wrote, addresses of persons left out; where nobody proved that the recipient wrote it, behind
    the domain of its From line, as in `[other.test?]`. `channel`: mail, api or form."""

    case_id: UUID
    notice_id: UUID | None
    answer_id: UUID
    provider: str
    recipient: str
    kind: AnswerKind
    ticket: str
    words: Annotated[str, Field(max_length=MAX_WORDS)]
    channel: str
    answered_at: AwareDatetime


class NoticeEscalated(Event, topic=NOTICE_SENT, type="notice.escalated.v1", key="case_id", owner="notifier"):
    """The next rung of the ladder was taken. `why`: expired, refused, bounced, unanswered or due."""

    case_id: UUID
    rung: int
    notices: tuple[UUID, ...]
    why: str
    escalated_at: AwareDatetime


class NoticeWithdrawn(Event, topic=NOTICE_SENT, type="notice.withdrawn.v1", key="case_id", owner="notifier"):
    """An approved notice is not sent after all. `why`: removed (the content is gone), answered (a reminder that is not
    needed), stopped (by an official), expired (its policy)."""

    case_id: UUID
    notice_id: UUID
    why: str
    by: str
    withdrawn_at: AwareDatetime


class PlannedStep(Value):
    """What happens next. `what`: send, remind, escalate, hand_over, wait, clock, check, approve or alarm. `why`: a code
    with `values`, for a sentence in the reader's language. `proven`: of a clock, whether its start is provable."""

    what: str
    at: AwareDatetime | None
    why: str
    notice_id: UUID | None = None
    recipient: str = ""
    proven: bool = True
    values: dict[str, str] = Field(default={})


class CasePlanned(Event, topic=NOTICE_SENT, type="case.planned.v1", key="case_id", owner="notifier"):
    """What happens next to a case, when and why, in order; it replaces what was planned before."""

    case_id: UUID
    revision: int
    steps: tuple[PlannedStep, ...]
    planned_at: AwareDatetime


class HandOverDue(Event, topic=NOTICE_SENT, type="notice.hand-over.v1", key="case_id", owner="notifier"):
    """An approved notice goes to a recipient that has only a form: a person hands it in, and tells the number. `why`:
    what kept a machine from it, where there is an interface for machines."""

    case_id: UUID
    notice_id: UUID
    due_at: AwareDatetime
    why: Annotated[str, Field(max_length=500)] = ""


class HandedOver(Event, topic=NOTICE_ORDERS, type="notice.handed-over.v1", key="case_id", owner="gateway"):
    """An official handed a notice in by a form, or could not (`failed`: why). `receipt`: the number that it gave."""

    case_id: UUID
    notice_id: UUID
    receipt: str
    failed: str
    by: str
    handed_at: AwareDatetime


class NoticesStopped(Event, topic=REVIEW_DECIDED, type="notices.stopped.v1", key="case_id", owner="gateway"):
    """Of these approved notices, those not sent yet are not to be sent. Empty means all of the case. It goes the
    way of approvals, so that none of them comes after the stop that takes it back."""

    case_id: UUID
    notices: tuple[UUID, ...]
    why: str
    by: str
    stopped_at: AwareDatetime


class LogLine(Value):
    """One line of what happened to a case's notices, for a regulator."""

    at: AwareDatetime
    what: str
    recipient: str
    detail: str


class FollowUpAsked(Event, topic=NOTICE_FOLLOWUP, type="notice.followup.v1", key="case_id", owner="notifier"):
    """A case needs notices that could not be written before. `why`: regulator (a clock expired or everybody refused;
    `log` is what happened, `notices` the ones it is about), reappeared (the content is back at `url`). One a `round`,
    from 1."""

    case_id: UUID
    round: Annotated[int, Field(ge=1)]
    why: str
    url: Url
    notices: tuple[UUID, ...]
    log: tuple[LogLine, ...]
    asked_at: AwareDatetime


class ContentReappeared(Event, topic=CONTENT_CHECKED, type="content.reappeared.v1", key="case_id", owner="notifier"):
    """Content whose removal was proven is back at its address."""

    case_id: UUID
    url: Url
    removed_at: AwareDatetime
    seen_at: AwareDatetime
    number: int
