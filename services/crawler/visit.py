"""What is known of an address before a visit, and what a visit made of it. Values only."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.crawler.domain import PageKind, Priority
from shared.events import ContentFound
from shared.events.values import Finding, Probe, ProbeOutcome, Site


@dataclass(frozen=True)
class Watched:
    """A site, and how it is to be visited."""

    site: Site
    requests_per_second: float
    revisit_seconds: float
    obey_robots: bool


@dataclass(frozen=True)
class Known:
    """A row of the frontier with its site."""

    url: str
    kind: PageKind
    next_at: datetime
    interval_s: float
    last_digest: str | None
    etag: str | None
    last_modified: str | None
    failures: int
    visits: int
    watched: Watched


@dataclass(frozen=True)
class Link:
    url: str
    kind: PageKind = PageKind.UNKNOWN
    priority: Priority = Priority.FIRST


@dataclass(frozen=True)
class Visited:
    """`next_at`, `priority` …: what the frontier keeps. `found` when there is new or changed content."""

    known: Known
    kind: PageKind
    priority: Priority
    next_at: datetime
    interval_s: float
    digest: str | None
    etag: str | None
    last_modified: str | None
    failures: int
    problem: str | None
    links: tuple[Link, ...] = ()
    found: ContentFound | None = None


@dataclass(frozen=True)
class Check:
    """A removal check that was asked for."""

    check_id: UUID
    case_id: UUID
    number: int
    host: str
    finding: Finding


@dataclass(frozen=True)
class Checked:
    check: Check
    outcome: ProbeOutcome
    probes: tuple[Probe, ...]
    at: datetime
