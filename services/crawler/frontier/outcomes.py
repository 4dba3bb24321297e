"""What the frontier keeps of a visit (pure)."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.crawler.domain import PageKind, Priority, backoff_s, next_visit
from services.crawler.frontier.pace import REFUSALS
from services.crawler.registry.robots import StayAway
from services.crawler.visit import Check, Checked, Known, Link, Visited
from services.crawler.visits.asking import header
from shared.events import ContentFound, ConversationObserved
from shared.events.values import Probe, ProbeOutcome
from shared.failures import Failure
from shared.net import Fetched, FetchFailed

PICTURES_MISSING_S = 60.0  # a page whose pictures could not all be fetched is looked at again soon
BUG_FAILURES = 10  # a page that our own code cannot handle is tried again after an hour or so
MAX_PROBLEM = 1_000
DEPTH_OF_LISTINGS = 1  # the site's beginning leads there


def settled(
    known: Known,
    kind: PageKind,
    now: datetime,
    *,
    changed: bool,
    answer: Fetched | None = None,
    links: tuple[Link, ...] = (),
    digest: str | None = None,
    found: tuple[ContentFound | ConversationObserved, ...] = (),
    problem: str | None = None,
    status: int | None = None,
) -> Visited:
    """A visit that told something, if only that nothing changed. `answer`: what the next one is compared with."""
    kind = PageKind.START if known.kind is PageKind.START else kind
    deep = known.depth > DEPTH_OF_LISTINGS
    coming = next_visit(kind, known.interval_s, changed, known.watched.revisit_seconds, deep=deep)
    return Visited(
        known=known,
        kind=kind,
        # What somebody reported may come back, also where nobody lists the site.
        priority=Priority.REPORT if known.reports and kind is PageKind.GONE else coming.priority,
        next_at=now + timedelta(seconds=coming.after_s),
        interval_s=coming.after_s,
        digest=digest or known.last_digest,
        etag=header(answer, "etag") if answer else known.etag,
        last_modified=header(answer, "last-modified") if answer else known.last_modified,
        failures=0,
        problem=problem,
        links=links,
        found=found,
        status=answer.status if answer else status,
        bytes=len(answer.body) if answer else 0,
    )


def failed(
    known: Known, problem: str, failures: int, now: datetime, *, status: int | None = None, silent: bool = False
) -> Visited:
    """A visit that told nothing: `failures` in a row. `silent`: the host is to blame rather than the page."""
    return Visited(
        known=known,
        kind=known.kind,
        priority=_again(known),
        next_at=now + timedelta(seconds=backoff_s(failures)),
        interval_s=known.interval_s,
        digest=known.last_digest,
        etag=known.etag,
        last_modified=known.last_modified,
        failures=failures,
        problem=problem[:MAX_PROBLEM].replace("\0", ""),
        status=status,
        silent=silent,
    )


def not_answered(known: Known, failure: Failure, now: datetime) -> Visited:
    """No answer came: the host's fault if the connection failed, or if it cannot even say what it forbids."""
    silent = isinstance(failure, FetchFailed | StayAway)
    return failed(known, named(failure), known.failures + 1, now, silent=silent)


def named(failure: Failure) -> str:
    """The problem with its name first, where it has one."""
    fault = getattr(failure, "fault", None)
    return f"{fault}: {failure}" if fault else str(failure)


def not_served(known: Known, status: int, now: datetime) -> Visited:
    """An answer with a status that says nothing of the page."""
    silent = status in REFUSALS or status >= 500
    return failed(known, f"status {status}", known.failures + 1, now, status=status, silent=silent)


def _again(known: Known) -> Priority:
    if known.priority is Priority.REPORT:  # an ordinary one would be visited no more where nobody lists the site
        return Priority.REPORT
    return Priority.LISTING if known.kind in (PageKind.START, PageKind.FEED) else Priority.AGAIN


def pictures_missing(visited: Visited, missing: int, now: datetime, *, changed: bool) -> Visited:
    """Without the validators, so that the page is read whole next time: soon, but once. Many pages have a picture that
    is not there for good."""
    return replace(
        visited,
        next_at=now + timedelta(seconds=PICTURES_MISSING_S) if changed else visited.next_at,
        etag=None,
        last_modified=None,
        problem=f"{missing} pictures could not be fetched",
    )


def not_handled(job: Known | Check, bug: Exception, now: datetime) -> Visited | Checked:
    """A bug of ours, or content that nobody thought of: put off or answered, so that nothing waits for it for ever."""
    why = f"not handled: {bug!r}"[:MAX_PROBLEM]
    if isinstance(job, Known):
        return failed(job, why, max(job.failures + 1, BUG_FAILURES), now)
    probe = Probe(url=job.finding.url, vantage="none", status=None, outcome=ProbeOutcome.UNREACHABLE, why=why)
    return Checked(job, ProbeOutcome.UNREACHABLE, (probe,), now)
