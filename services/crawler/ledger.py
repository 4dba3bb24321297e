"""Reading what is known before visits, and writing down what they found: one transaction for many."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.crawler.domain import PageKind
from services.crawler.store import CheckRow, FrontierRow, SiteRow
from services.crawler.urls import host_of
from services.crawler.visit import Check, Checked, Known, Link, Visited, Watched
from shared.database import Transaction
from shared.events import ContentChecked
from shared.events.values import Finding, Site
from shared.identity import identity

RENEW_PAGES = sa.text("UPDATE frontier SET leased_until = :until WHERE url = ANY(:keys) AND leased_until IS NOT NULL")
RENEW_CHECKS = sa.text("""
    UPDATE checks SET leased_until = :until WHERE check_id = ANY(CAST(:keys AS uuid[])) AND leased_until IS NOT NULL
""")

# The same rows in the same order: whoever looks waits until the leases are gone.
LOOK_NOW = sa.text("""
    UPDATE hosts SET look_at = least(look_at, :now)
    WHERE host IN (SELECT host FROM hosts WHERE host = ANY(:hosts) ORDER BY host FOR UPDATE)
""")

LOCK_HOSTS = sa.text("SELECT host, pages FROM hosts WHERE host = ANY(:hosts) ORDER BY host FOR UPDATE")

# In the order of the page: the first link is the newest post, so it is due a microsecond before the second.
ADD_LINKS = sa.text("""
    INSERT INTO frontier (url, host, kind, priority, next_at)
    SELECT url, host, kind, priority, :now + (place * interval '1 microsecond')
    FROM unnest(CAST(:urls AS text[]), CAST(:hosts AS text[]), CAST(:kinds AS text[]), CAST(:priorities AS smallint[]))
        WITH ORDINALITY AS given (url, host, kind, priority, place)
    ORDER BY url
    ON CONFLICT (url) DO NOTHING
    RETURNING host
""")

UPDATE_PAGE = sa.text("""
    UPDATE frontier SET kind = :kind, priority = :priority, next_at = :next_at, leased_until = NULL,
        interval_s = :interval_s, last_digest = :digest, etag = :etag, last_modified = :last_modified,
        failures = :failures, visits = visits + 1, problem = :problem, cursor = coalesce(:cursor, cursor)
    WHERE url = :url
""")

FINISH_CHECK = sa.text("UPDATE checks SET done_at = :at, leased_until = NULL WHERE check_id = :check_id")

# The scheduler looks at these hosts next: a visit ended, so another may begin as soon as the host allows.
WAKE = sa.text("""
    UPDATE hosts SET next_allowed_at = greatest(next_allowed_at, given.free_at), pages = pages + given.added,
        look_at = greatest(next_allowed_at, given.free_at)
    FROM unnest(CAST(:hosts AS text[]), CAST(:moments AS timestamptz[]), CAST(:added AS integer[]))
        AS given (host, free_at, added)
    WHERE hosts.host = given.host
""")


async def load_pages(tx: Transaction, urls: Sequence[str]) -> dict[str, Known]:
    result = await tx.execute(
        sa.select(FrontierRow, SiteRow)
        .join(SiteRow, SiteRow.host == FrontierRow.host)
        .where(FrontierRow.url == sa.any_(sa.literal(list(urls), sa.ARRAY(sa.Text))))
    )
    rows: Sequence[Any] = result.all()
    return {page.url: _known(page, site) for page, site in rows}


async def load_checks(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Check]:
    """Those that are not done."""
    rows = await tx.scalars(sa.select(CheckRow).where(CheckRow.check_id.in_(ids), CheckRow.done_at.is_(None)))
    return {
        row.check_id: Check(row.check_id, row.case_id, row.number, row.host, Finding.model_validate(row.finding))
        for row in rows
    }


async def watched_hosts(tx: Transaction) -> frozenset[str]:
    return frozenset(await tx.scalars(sa.select(SiteRow.host)))


async def digest_of(tx: Transaction, url: str) -> str | None:
    return await tx.scalar(sa.select(FrontierRow.last_digest).where(FrontierRow.url == url))


async def renew(tx: Transaction, pages: Sequence[str], checks: Sequence[UUID], until: datetime | None) -> None:
    """Hold what is in hand until then; None lets it go."""
    if pages:
        await tx.execute(RENEW_PAGES, {"keys": sorted(pages), "until": until})
    if checks:
        await tx.execute(RENEW_CHECKS, {"keys": sorted(checks), "until": until})


async def give_back(
    tx: Transaction, pages: Sequence[str], checks: Sequence[UUID], hosts: Iterable[str], now: datetime
) -> None:
    """Let go of what was leased, so that it is due again at once."""
    await tx.execute(LOOK_NOW, {"hosts": sorted(set(hosts)), "now": now})
    await renew(tx, pages, checks, None)


async def record(
    tx: Transaction,
    visited: Sequence[Visited],
    checked: Sequence[Checked],
    free_at: dict[str, datetime],
    max_pages: int,
    now: datetime,
) -> dict[str, int]:
    """Gives the hosts whose links did not fit any more, with their number.

    `free_at`: when each visited host may be asked again. Links must be of watched hosts.
    """
    links = _by_host(link for visit in visited for link in visit.links)
    hosts = sorted({*links, *free_at})
    pages: dict[str, int] = {row.host: row.pages for row in await tx.execute(LOCK_HOSTS, {"hosts": hosts})}
    fitting = {host: of_host[: max(0, max_pages - pages.get(host, 0))] for host, of_host in links.items()}
    added = await _add_links(tx, [link for of_host in fitting.values() for link in of_host], now)
    if visited:
        await tx.execute(UPDATE_PAGE, [_row(visit) for visit in sorted(visited, key=lambda visit: visit.known.url)])
    for done in checked:
        await tx.execute(FINISH_CHECK, {"check_id": done.check.check_id, "at": done.at})
        tx.publish(_content_checked(done), id=identity("content.checked", done.check.check_id))
    moments = [free_at.get(host, now) for host in hosts]
    await tx.execute(WAKE, {"hosts": hosts, "moments": moments, "added": [added.get(host, 0) for host in hosts]})
    return {host: len(links[host]) - len(fitting[host]) for host in links if len(fitting[host]) < len(links[host])}


def _by_host(links: Iterable[Link]) -> dict[str, list[Link]]:
    found: dict[str, list[Link]] = {}
    for link in {link.url: link for link in links}.values():
        found.setdefault(host_of(link.url), []).append(link)
    return found


async def _add_links(tx: Transaction, links: Sequence[Link], now: datetime) -> dict[str, int]:
    """How many were new, by host."""
    added: dict[str, int] = {}
    if links:
        given = {
            "urls": [link.url for link in links],
            "hosts": [host_of(link.url) for link in links],
            "kinds": [link.kind.value for link in links],
            "priorities": [int(link.priority) for link in links],
        }
        for host in (await tx.execute(ADD_LINKS, {**given, "now": now})).scalars():
            added[host] = added.get(host, 0) + 1
    return added


def _row(visit: Visited) -> dict[str, Any]:
    return {
        "url": visit.known.url,
        "kind": visit.kind.value,
        "priority": int(visit.priority),
        "next_at": visit.next_at,
        "interval_s": visit.interval_s,
        "digest": visit.digest,
        "etag": visit.etag,
        "last_modified": visit.last_modified,
        "failures": visit.failures,
        "problem": visit.problem,
        "cursor": visit.cursor,
    }


def _content_checked(done: Checked) -> ContentChecked:
    check = done.check
    return ContentChecked(
        case_id=check.case_id,
        check_id=check.check_id,
        number=check.number,
        outcome=done.outcome,
        probes=done.probes,
        checked_at=done.at,
    )


def _known(page: FrontierRow, site: SiteRow) -> Known:
    watched = Watched(
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
    return Known(
        url=page.url,
        kind=PageKind(page.kind),
        next_at=page.next_at,
        interval_s=page.interval_s,
        last_digest=page.last_digest,
        etag=page.etag,
        last_modified=page.last_modified,
        failures=page.failures,
        visits=page.visits,
        watched=watched,
        cursor=page.cursor,
    )
