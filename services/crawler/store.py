"""The crawler's tables.

- `sites`: what the agency watches, a host each.
- `frontier`: every address of those sites that is known, and when it is next due.
- `hosts`: who may ask a host, when again, how it answers, and when the scheduler should look at it.
- `checks`: removal checks that were asked for.
- `conversations`: the key of each conversation's pseudonyms.
- `reported`: who waits for a word of which address.
- `robots`: what each origin's robots.txt said. `robots_overrides`: where it was not obeyed, and how often.

Locks are taken in the order hosts, frontier, checks, several rows of a table in the order of their keys.
"""

from datetime import date, datetime
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
    sole_purpose: Mapped[bool] = mapped_column(server_default=sa.false())
    options: Mapped[str | None]  # JSON for the connector


class HostRow(Base):
    """A host, of a site or beyond them (a picture server). Its times are the database's: one clock for all processes.

    `look_at`: when the scheduler looks for something to do here; never when null. `urgency`: see `domain.Urgency`.
    `lease`: who may ask the host until `leased_until`: the dispatched record while it is `waiting`, then the process
    that took it. `wanted_until`: another process waits for it. `gap_s`: the pace last kept. `pages`: rows in the
    frontier. `hold_off_until`: its pages wait until then, reports and checks do not. `case_at`: when a removal check
    was last asked for here. `failures`: visits in a row without an answer, `problem` the last. `day_visits`: on `day`
    (UTC). The rest are figures since the beginning.
    """

    __tablename__ = "hosts"

    host: Mapped[str] = mapped_column(primary_key=True)
    next_allowed_at: Mapped[datetime] = mapped_column(Moment)
    look_at: Mapped[datetime | None] = mapped_column(Moment)
    urgency: Mapped[int] = mapped_column(sa.SmallInteger, server_default="3")
    leased_until: Mapped[datetime | None] = mapped_column(Moment)
    lease: Mapped[UUID | None]
    waiting: Mapped[bool] = mapped_column(server_default=sa.false())
    wanted_until: Mapped[datetime | None] = mapped_column(Moment)
    gap_s: Mapped[float | None]
    pages: Mapped[int]
    case_at: Mapped[datetime | None] = mapped_column(Moment)
    failures: Mapped[int] = mapped_column(server_default="0")
    hold_off_until: Mapped[datetime | None] = mapped_column(Moment)
    problem: Mapped[str | None]
    day: Mapped[date | None]
    day_visits: Mapped[int] = mapped_column(server_default="0")
    visits: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
    failed: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
    found: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
    bytes: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
    last_visit_at: Mapped[datetime | None] = mapped_column(Moment)
    last_found_at: Mapped[datetime | None] = mapped_column(Moment)


class FrontierRow(Base):
    """`kind` and `priority`: see `domain.PageKind` and `domain.Priority`. `last_digest`: of the content last seen.
    `depth`: links between the site's listings and here."""

    __tablename__ = "frontier"

    url: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    kind: Mapped[str]
    priority: Mapped[int] = mapped_column(sa.SmallInteger)
    next_at: Mapped[datetime] = mapped_column(Moment)
    interval_s: Mapped[float]
    last_digest: Mapped[str | None]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    failures: Mapped[int]
    visits: Mapped[int]
    problem: Mapped[str | None]
    cursor: Mapped[str | None]
    depth: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")


class CheckRow(Base):
    """A removal check. `finding` is the JSON of a `shared.events.values.Finding`, empty once it is answered; `looks` a
    list of such `Probe`s: of the last look, if that found everything gone."""

    __tablename__ = "checks"

    check_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    number: Mapped[int]
    host: Mapped[str]
    url: Mapped[str]
    finding: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    due_at: Mapped[datetime] = mapped_column(Moment)
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    looks: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, server_default="[]")


class ConversationRow(Base):
    """`key`: 32 random bytes. Without it a speaker's pseudonym leads back to nobody: deleting the row is enough."""

    __tablename__ = "conversations"

    conversation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[bytes]
    begun_at: Mapped[datetime] = mapped_column(Moment)


class ReportedRow(Base):
    """An address that somebody reported, until its content is told. `url`: where it stands now, after `hops` redirects;
    `given`: as it was reported. `tries`: visits without content, of which the first is told, and the last (`final`).
    """

    __tablename__ = "reported"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    url: Mapped[str]
    given: Mapped[str]
    category: Mapped[str]
    reported_at: Mapped[datetime] = mapped_column(Moment)
    hops: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")
    tries: Mapped[int] = mapped_column(server_default="0")
    final: Mapped[bool] = mapped_column(server_default=sa.false())


class RobotsRow(Base):
    """What came of asking an origin for its robots.txt: see `robots_store.Asked`."""

    __tablename__ = "robots"

    origin: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(Moment)
    status: Mapped[int | None]
    decision: Mapped[str]
    legal_ground: Mapped[str]
    fetched_at: Mapped[datetime | None] = mapped_column(Moment)
    sha256: Mapped[str | None]
    text: Mapped[str]
    cut: Mapped[bool]
    delay_s: Mapped[float]


class OverrideRow(Base):
    """Visits of a site that its robots.txt forbids, under one legal ground. Two visits of a page are two."""

    __tablename__ = "robots_overrides"

    host: Mapped[str] = mapped_column(primary_key=True)
    legal_ground: Mapped[str] = mapped_column(primary_key=True)
    visits: Mapped[int] = mapped_column(sa.BigInteger)
    first_at: Mapped[datetime] = mapped_column(Moment)
    last_at: Mapped[datetime] = mapped_column(Moment)
    last_url: Mapped[str]
