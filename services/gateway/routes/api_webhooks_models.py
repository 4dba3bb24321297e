"""What the API of webhooks takes and gives."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.gateway.api.moments import Moment
from services.gateway.bridges.cloudevents import sequence_of
from services.gateway.bridges.feed import TYPES
from services.gateway.bridges.webhooks.judging import Outcome
from services.gateway.bridges.webhooks.managing import MAX_NAME, MAX_OVERLAP_HOURS, MAX_URL, Wanted
from services.gateway.bridges.webhooks.store import Kind, State, Tried, Webhook, Why
from services.gateway.routes.api_events import PLACE
from services.gateway.routes.api_models import NO_NUL, Input

Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_URL,
        pattern=NO_NUL,
        description="https, port 443, a public address; without name and password",
        examples=["https://events.harbour.example/haetae"],
    ),
]
Type = Annotated[str, Field(max_length=100, pattern=NO_NUL, examples=sorted(TYPES)[:1])]
Place = Annotated[str | None, Field(pattern=PLACE, description="`sequence` of the last event that is not sent")]
Begins = Annotated[Moment | None, Field(description="In place of `after`: what came here at this moment or later")]


class WebhookInput(Input):
    """`types`: of events; none for all, also those to come."""

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME, pattern=NO_NUL)]
    url: Url
    types: Annotated[list[Type], Field(max_length=20)] = Field(default_factory=list)

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.name, self.url, self.types)


class NewWebhook(WebhookInput):
    """Without `after` and `since` it begins with the oldest event that is kept."""

    after: Place = None
    since: Begins = None


class ReplayInput(Input):
    """Without `after` and `since` from the oldest event that is kept."""

    after: Place = None
    since: Begins = None


class RotationInput(Input):
    """`hours`: for which the secret before is valid too."""

    hours: Annotated[int, Field(ge=0, le=MAX_OVERLAP_HOURS)] = 24


class WebhookItem(BaseModel):
    """`after`: the sequence up to which everything was taken. `due_at`: when it is tried next, if there is something.
    `failures`: in a row, since `failing_since`. `per_minute`: as often as the receiver allows, if it said so."""

    webhook_id: UUID
    name: str
    url: str
    types: list[str]
    state: State
    why: Why | None
    after: str
    agreed_at: datetime | None
    delivered_at: datetime | None
    due_at: datetime
    failures: int
    failing_since: datetime | None
    per_minute: int | None
    former_until: datetime | None
    created_by: str
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, row: Webhook, **more: str) -> Self:
        same = {name: getattr(row, name) for name in WebhookItem.model_fields if name != "after"}
        return cls(**same, after=sequence_of(row.position), **more)


class WebhookWithSecret(WebhookItem):
    """`secret`: told only in this answer."""

    secret: str


class WebhookList(BaseModel):
    """At most twenty, and those that ended in the last thirty days: `next` is always null."""

    items: list[WebhookItem]
    next: None = None


class AttemptItem(BaseModel):
    """`event_id`: `webhook-id` of what was sent. `status`: of the answer, if one came."""

    number: int
    kind: Kind
    event_id: UUID | None
    at: datetime
    seconds: float
    outcome: Outcome
    status: int | None

    @classmethod
    def of(cls, row: Tried) -> Self:
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class AttemptList(BaseModel):
    """The last fifty, the newest first, so `next` is always null."""

    items: list[AttemptItem]
    next: None = None
