"""Reading what is known of addresses before they are visited: many hosts in one query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.crawler.domain import PageKind, Priority
from services.crawler.frontier import reported
from services.crawler.frontier.pace import DEFAULT_GAP_S
from services.crawler.removals.check_results import earlier_looks
from services.crawler.store import CheckRow, FrontierRow, SiteRow
from services.crawler.visit import Check, Known, Watched
from shared.database import Transaction
from shared.events import CrawlDue, DueVisit
from shared.events.values import Finding, Site, SiteKind

# A host that is in no list of sites is visited because a person reported an address there.
REPORTED_GROUND, REPORTED_REVISIT_S = "victim_request", 600.0

PAGES = sa.text("""
    SELECT url, host, kind, priority, next_at, interval_s, last_digest, etag, last_modified, failures, cursor,
        depth
    FROM frontier WHERE url = ANY(CAST(:urls AS text[]))
""")
SITES = sa.select(SiteRow.__table__)
CHECKS = sa.select(CheckRow).where(CheckRow.done_at.is_(None))


@dataclass(frozen=True)
class Loaded:
    """The visits of a host in their order, and how many in a row it has not answered."""

    jobs: Sequence[Known | Check]
    failures: int


async def load(tx: Transaction, dispatched: Sequence[CrawlDue]) -> dict[str, list[Known | Check]]:
    """What is to be visited, by host. Without what is done or due at another moment by now: it was dispatched twice."""
    due: dict[str, tuple[CrawlDue | DueVisit, ...]] = {one.host: (one, *one.more) for one in dispatched}
    every = [visit for visits in due.values() for visit in visits]
    pages = await load_pages(tx, [visit.url for visit in every if visit.check_id is None])
    checks = await load_checks(tx, [visit.check_id for visit in every if visit.check_id])
    jobs: dict[str, list[Known | Check]] = {}
    for host, visits in due.items():
        found = ((checks.get(visit.check_id) if visit.check_id else pages.get(visit.url), visit) for visit in visits)
        jobs[host] = [job for job, visit in found if job and (isinstance(job, Check) or job.next_at == visit.due_at)]
    return jobs


async def load_pages(tx: Transaction, urls: Sequence[str]) -> dict[str, Known]:
    if not urls:
        return {}
    rows: Sequence[Any] = (await tx.execute(PAGES, {"urls": list(urls)})).all()
    sites = await load_sites(tx, {row.host for row in rows})
    waiting = await reported.waiting(tx, [row.url for row in rows if row.priority == Priority.REPORT])
    return {row.url: _known(row, sites[row.host], waiting.get(row.url, reported.NOBODY)) for row in rows}


async def load_sites(tx: Transaction, hosts: Iterable[str]) -> Mapping[str, Watched]:
    """How each of these hosts is visited, whether it is in the list or not."""
    wanted = sorted(set(hosts))
    rows = await tx.execute(SITES.where(SiteRow.host == sa.any_(sa.literal(wanted, sa.ARRAY(sa.Text)))))
    return {host: unlisted(host) for host in wanted} | {row.host: watched_of(row) for row in rows}


async def load_checks(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Check]:
    """Those that are not done."""
    if not ids:
        return {}
    rows = list(await tx.scalars(CHECKS.where(CheckRow.check_id.in_(ids))))
    sites, earlier = await load_sites(tx, {row.host for row in rows}), await earlier_looks(tx, rows)
    return {
        row.check_id: Check(
            row.check_id,
            row.case_id,
            row.number,
            Finding.model_validate(row.finding),
            sites[row.host],
            earlier[row.check_id],
        )
        for row in rows
    }


async def digest_of(tx: Transaction, url: str) -> str | None:
    return await tx.scalar(sa.select(FrontierRow.last_digest).where(FrontierRow.url == url))


def watched_of(site: Any) -> Watched:  # noqa: ANN401  # a row of `sites`
    return Watched(
        Site.model_validate(site, from_attributes=True),
        site.requests_per_second,
        site.revisit_seconds,
        site.obey_robots,
        site.legal_ground,
        site.exit,
        site.credential,
        site.connector,
        site.renders,
        site.options,
    )


def unlisted(host: str) -> Watched:
    site = Site(host=host, name=host, kind=SiteKind.COMMUNITY)
    return Watched(site, 1 / DEFAULT_GAP_S, REPORTED_REVISIT_S, obey_robots=False, legal_ground=REPORTED_GROUND)


def _known(row: Any, watched: Watched, waiting: reported.Waiting) -> Known:  # noqa: ANN401  # a row of PAGES
    return Known(
        row.url,
        PageKind(row.kind),
        row.next_at,
        row.interval_s,
        row.last_digest,
        row.etag,
        row.last_modified,
        row.failures,
        watched,
        row.cursor,
        Priority(row.priority),
        row.depth,
        waiting.reports,
        waiting.said,
    )
