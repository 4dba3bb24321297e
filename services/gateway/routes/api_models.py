"""What the API takes and gives. Inputs are strict: a field too many or of another type is named, not guessed at."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.domain import State
from shared.events import Verdict
from shared.events.values import Sha256

MAX_NOTE = 2_000
MAX_NOTICES = 100
NO_NUL = r"^[^\x00]*$"  # PostgreSQL keeps no U+0000


class Input(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class LoginInput(Input):
    login: Annotated[str, Field(max_length=64, pattern=NO_NUL)]
    password: Annotated[str, Field(max_length=512)]
    code: Annotated[str, Field(max_length=40, pattern=NO_NUL)] = ""


class ApprovedNotice(Input):
    notice_id: Annotated[UUID, Field(strict=False)]  # JSON has no UUID
    sha256: Sha256


class DecisionInput(Input):
    """`notices`: the approved ones with the digest that was looked at; empty when rejecting, which needs a note.
    `round`: 0 for the first draft of the case."""

    verdict: Annotated[Verdict, Field(strict=False)]
    round: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    notices: Annotated[list[ApprovedNotice], Field(max_length=MAX_NOTICES)] = []
    note: Annotated[str, Field(max_length=MAX_NOTE, pattern=NO_NUL)] = ""


class Token(BaseModel):
    token: str
    expires_at: datetime
    pseudonym: str
    roles: list[str]


class CaseItem(BaseModel):
    """A case in a list. What no event has told yet is null.

    `factors`: what its place in the order is made of; `waits_since` and `due_at`: its clock. `copies`: other places of
    the same content; `pictures`: how many there are to look at. `holder`: the pseudonym of who works on it now.
    """

    model_config = ConfigDict(from_attributes=True)

    case_id: UUID
    state: State
    url: str | None
    host: str | None
    title: str | None
    language: str | None
    country: str | None
    category: str | None
    risk: float | None
    urgency: float | None
    known: bool | None
    alarm: str | None
    failure: str | None
    incomplete: list[str] | None
    mode: str | None
    last_check: str | None
    found_at: datetime | None
    flagged_at: datetime | None
    sealed_at: datetime | None
    drafted_at: datetime | None
    decided_at: datetime | None
    sent_at: datetime | None
    removed_at: datetime | None
    destroyed_at: datetime | None
    reviewer: str | None
    scripted: bool | None
    awaits: int | None
    hand_over_at: datetime | None
    reappeared_at: datetime | None
    reported_at: datetime | None
    factors: dict[str, float] | None
    waits_since: datetime | None
    due_at: datetime | None
    copies: int | None
    pictures: int | None
    holder: str | None
    updated_at: datetime


class CaseList(BaseModel):
    """`next`: give it as `after` for the following page; null on the last."""

    items: list[CaseItem]
    next: str | None


class HistoryLine(BaseModel):
    """A line of the audit history. `hash`: SHA-256 over the line and the hash of the one before."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    at: datetime
    actor: str
    action: str
    details: dict[str, Any]
    prev_hash: str
    hash: str


class History(BaseModel):
    """`intact`: every hash was recomputed and agrees, up to the chain's end that is kept apart."""

    items: list[HistoryLine]
    next: str | None
    intact: bool


class Summary(BaseModel):
    """`median_seconds`: between stages, over those of the 2,000 cases that changed last which have both; null while
    there are none."""

    total: int
    by_state: dict[str, int]
    alarms: dict[str, int]
    median_seconds: dict[str, float | None]
