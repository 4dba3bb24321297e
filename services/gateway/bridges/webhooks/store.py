"""Tables of webhooks and of what was tried."""

from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.store import Base

KEPT_ATTEMPTS = 50  # of each webhook: a day of failures, or the last minute of a busy one


class State(StrEnum):
    ASKING = "asking"  # its receiver has not said yet that it wants events
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class Why(StrEnum):
    """Why it is paused or ended."""

    BY_HAND = "by-hand"
    GIVEN_UP = "given-up"  # nothing was taken for three days
    GONE = "gone"  # the receiver said 410
    NO_PLACE = "no-place"  # what follows its place is not kept any more, or the place is not there
    UNSEALABLE = "unsealable"  # its secret was sealed with a key that is not known any more


class Kind(StrEnum):
    """Of an attempt."""

    CONSENT = "consent"
    TEST = "test"
    EVENT = "event"


class Webhook(Base):
    """`position`: of the feed, up to which everything was taken. `version` counts changes by people: what was under
    way then moves nothing. `due_at`: not tried before, but for a test. `failing_since`: the first of the `failures` in
    a row, tests left out. `lease`: of the process that delivers it now. `former`: the secret before, which signs beside
    the new one until `former_until`. `per_minute`: as often as its receiver allows; None: as it likes. `attempts`
    counts all of them."""

    __tablename__ = "webhooks"

    webhook_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str]
    name: Mapped[str]
    url: Mapped[str]
    types: Mapped[list[str]]
    state: Mapped[str]
    why: Mapped[str | None]
    sealed: Mapped[bytes | None]
    former: Mapped[bytes | None]
    former_until: Mapped[datetime | None]
    agreed_at: Mapped[datetime | None]
    per_minute: Mapped[int | None] = mapped_column(sa.Integer)
    position: Mapped[int]
    version: Mapped[int] = mapped_column(sa.Integer)
    testing: Mapped[bool]
    due_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(sa.Integer)
    failing_since: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    attempts: Mapped[int]
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    @property
    def host(self) -> str:
        """All of its address that logs and the history tell: the rest may be a secret."""
        return urlsplit(self.url).hostname or ""

    @property
    def place(self) -> str:
        """What its secrets are sealed for."""
        return f"webhook {self.webhook_id}"


class Tried(Base):
    """One of the last attempts. `status`: of the answer, if there was one; `outcome`: `judging.Outcome`."""

    __tablename__ = "webhook_attempts"

    webhook_id: Mapped[UUID] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    number: Mapped[int]
    kind: Mapped[str]
    event_id: Mapped[UUID | None]
    at: Mapped[datetime]
    seconds: Mapped[float]
    outcome: Mapped[str]
    status: Mapped[int | None] = mapped_column(sa.Integer)
