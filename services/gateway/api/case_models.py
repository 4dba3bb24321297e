"""What the API tells of a case as a whole."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.gateway.api.notice_models import AnswerItem, NoticeItem, RoundItem
from services.gateway.casefile import CaseFile
from services.gateway.domain import Alarm, State
from services.gateway.store import LastCheck, Plan
from shared.events import Assessment, Verdict
from shared.events.values import Finding, Report, SealedObject


class Told(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class AlarmItem(Told):
    """Something that somebody has to see to. `key` names it for `POST …/attend`; `at`: since when."""

    key: str
    alarm: Alarm
    at: datetime | None
    notice_id: UUID | None
    recipient: str


class LinkItem(Told):
    """A case of the same content, or of a site that seems to be of one operator. `by`: what agrees. `earlier`: it was
    known before this one. `state` is null where no such case is known here."""

    case_id: UUID
    reference: str
    host: str
    by: tuple[str, ...]
    found_at: datetime | None
    earlier: bool
    state: State | None


class StageItem(Told):
    """A stage that was reached, and the seconds since the one before it."""

    state: State
    at: datetime
    seconds: float | None


class CaseDetail(Told):
    """Everything known of a case; what no event has told yet is null.

    `notices` are those of the present draft, in ladder order, each with the `sha256` that a decision names; `rounds`
    the further drafts with theirs; `other_notices` those of older drafts that were sent or came back; `plan` what
    happens next. `mode`: how evidence is kept, `full` or `hash-only`; `incomplete`: steps of the capture that failed.
    `removed_at`: the first proof that the content is gone, `verified_at` the newest. `awaits`: the further round that
    is to be decided. `deciding_until`: when the undo window of a verdict ends. `history_intact`: every hash of the
    history was recomputed and agrees.
    """

    case_id: UUID
    state: State
    alarm: Alarm | None
    url: str | None
    host: str | None
    title: str | None
    language: str | None
    country: str | None
    category: str | None
    risk: float | None
    known: bool | None
    mode: str | None
    incomplete: list[str] | None
    failure: str | None
    finding: Finding | None
    assessment: Assessment | None
    manifest_sha256: str | None
    objects: tuple[SealedObject, ...] | None
    report: Report | None
    last_check: LastCheck | None
    plan: Plan | None
    found_at: datetime | None
    flagged_at: datetime | None
    sealed_at: datetime | None
    failed_at: datetime | None
    drafted_at: datetime | None
    decided_at: datetime | None
    sent_at: datetime | None
    removed_at: datetime | None
    verified_at: datetime | None
    first_gone_at: datetime | None
    reappeared_at: datetime | None
    destroyed_at: datetime | None
    hand_over_at: datetime | None
    deciding_until: datetime | None
    undecided_at: datetime | None
    updated_at: datetime
    verdict: Verdict | None
    note: str | None
    reviewer: str | None
    scripted: bool | None
    awaits: int | None
    notices: list[NoticeItem]
    other_notices: list[NoticeItem]
    rounds: list[RoundItem]
    answers: list[AnswerItem]
    alarms: list[AlarmItem]
    links: list[LinkItem]
    stages: list[StageItem]
    history_intact: bool


def detail(file: CaseFile) -> CaseDetail:
    return CaseDetail.model_validate(
        {
            **vars(file.case),
            "notices": [NoticeItem.of(row) for row in file.draft],
            "other_notices": [NoticeItem.of(row) for row in file.others],
            "rounds": [RoundItem.of(one.row, one.draft) for one in file.rounds],
            "answers": [AnswerItem.model_validate(row) for row in file.answers],
            "alarms": [AlarmItem.model_validate(one) for one in file.alarms],
            "links": [LinkItem.model_validate(one) for one in file.linked],
            "stages": [StageItem.model_validate(one) for one in file.stages],
            "history_intact": file.broken is None,
        }
    )
