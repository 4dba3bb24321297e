"""The crawler's tables.

- `sites`: what the agency watches, a host each.
- `frontier`: every address of those sites that is known, and when it is next due.
- `hosts`: when a host may be asked again, and when the scheduler should look at it.
- `checks`: removal checks that were asked for.
- `conversations`: the key of each conversation's pseudonyms.

Locks are taken in the order hosts, frontier, checks, several rows of a table in the order of their keys.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Moment = sa.DateTime(timezone=True)


class Base(DeclarativeBase):
    pass


class SiteRow(Base):
    __tablename__ = "sites"

    host: Mapped[str] = mapped_column(primary_key=True)
    start_url: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    language: Mapped[str | None]
    country: Mapped[str | None]
    abuse_email: Mapped[str | None]
    requests_per_second: Mapped[float]
    revisit_seconds: Mapped[float]
    obey_robots: Mapped[bool]
    paused: Mapped[bool]
    legal_ground: Mapped[str] = mapped_column(server_default="public")
    visits_per_day: Mapped[int | None]
    exit: Mapped[str | None]
    credential: Mapped[str | None]
    connector: Mapped[str | None]
    renders: Mapped[bool] = mapped_column(server_default=sa.false())
    options: Mapped[str | None]  # JSON for the connector


class HostRow(Base):
    """`look_at`: when the scheduler looks for something to do here; never when null. `pages`: rows in the frontier."""

    __tablename__ = "hosts"

    host: Mapped[str] = mapped_column(primary_key=True)
    next_allowed_at: Mapped[datetime] = mapped_column(Moment)
    look_at: Mapped[datetime | None] = mapped_column(Moment)
    pages: Mapped[int]


class FrontierRow(Base):
    """`kind` and `priority`: see `domain.PageKind` and `domain.Priority`. `last_digest`: of the content last seen."""

    __tablename__ = "frontier"

    url: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    kind: Mapped[str]
    priority: Mapped[int] = mapped_column(sa.SmallInteger)
    next_at: Mapped[datetime] = mapped_column(Moment)
    leased_until: Mapped[datetime | None] = mapped_column(Moment)
    interval_s: Mapped[float]
    last_digest: Mapped[str | None]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    failures: Mapped[int]
    visits: Mapped[int]
    problem: Mapped[str | None]
    cursor: Mapped[str | None]


class CheckRow(Base):
    """A removal check. `finding` is the JSON of a `shared.events.values.Finding`."""

    __tablename__ = "checks"

    check_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    number: Mapped[int]
    host: Mapped[str]
    url: Mapped[str]
    finding: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    due_at: Mapped[datetime] = mapped_column(Moment)
    leased_until: Mapped[datetime | None] = mapped_column(Moment)
    done_at: Mapped[datetime | None] = mapped_column(Moment)


class ConversationRow(Base):
    """`key`: 32 random bytes. Without it a speaker's pseudonym leads back to nobody: deleting the row is enough."""

    __tablename__ = "conversations"

    conversation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[bytes]
    begun_at: Mapped[datetime] = mapped_column(Moment)
