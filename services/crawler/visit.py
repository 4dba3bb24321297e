"""What is known of an address before a visit, and what a visit made of it. Values only."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.crawler.domain import PageKind, Priority
from shared.events import ContentFound, ConversationObserved
from shared.events.values import Finding, Probe, ProbeOutcome, Site


@dataclass(frozen=True)
class Watched:
    """A site, and how it is to be visited.

    `legal_ground`: why it may be visited (`site_lines.GROUNDS`). `exit`: name of the proxy to use, None for the direct
    way. `credential`: name of a secret in the credentials file. `connector`: who reads it instead of the page reader,
    and `options`: JSON for it. `renders`: its pages are empty without a browser.
    """

    site: Site
    requests_per_second: float
    revisit_seconds: float
    obey_robots: bool
    legal_ground: str = "public"
    exit: str | None = None
    credential: str | None = None
    connector: str | None = None
    renders: bool = False
    options: str | None = None


@dataclass(frozen=True)
class Known:
    """A row of the frontier with its site. `reports`: those that wait for a word of it, and what they say it is."""

    url: str
    kind: PageKind
    next_at: datetime
    interval_s: float
    last_digest: str | None
    etag: str | None
    last_modified: str | None
    failures: int
    watched: Watched
    cursor: str | None = None  # how far a connector has read
    priority: Priority = Priority.FIRST
    depth: int = 0
    reports: tuple[UUID, ...] = ()
    reported_as: tuple[str, ...] = ()


class Link(NamedTuple):  # a page has hundreds: a dataclass costs three times as much to make
    url: str
    kind: PageKind = PageKind.UNKNOWN
    priority: Priority = Priority.FIRST


@dataclass(frozen=True)
class Visited:
    """`next_at`, `priority` …: what the frontier keeps. `found`: new or changed content, of a page at most one.

    `status`, `bytes`: of the answer, None and 0 when none came. `hold_off_s`: the host's pages rest for so long (a
    wall; 429 and 503 hold off everything by themselves). `silent`: no answer, or none that says
    anything (429, 5xx): several in a row, and the host rests. `renders`: learned that the site needs a browser.
    """

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
    found: tuple[ContentFound | ConversationObserved, ...] = ()
    cursor: str | None = None
    status: int | None = None
    bytes: int = 0
    hold_off_s: float = 0.0
    silent: bool = False
    renders: bool = False


@dataclass(frozen=True)
class Check:
    """A removal check that was asked for. `watched`: how its host is visited. `earlier`: the probes of the case's last
    look, if that found everything gone."""

    check_id: UUID
    case_id: UUID
    number: int
    finding: Finding
    watched: Watched | None = None
    earlier: tuple[Probe, ...] = ()


@dataclass(frozen=True)
class Checked:
    """`look`: the probes of the last look if it found everything gone. `again_at`: the check is not over: it has to
    look again then, and nothing is told yet."""

    check: Check
    outcome: ProbeOutcome
    probes: tuple[Probe, ...]
    at: datetime
    look: tuple[Probe, ...] = ()
    again_at: datetime | None = None
