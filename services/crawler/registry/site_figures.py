"""What is known of the sites: for lists, for one site as a whole, and for a copy of the list."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from services.crawler.registry.site_choice import EVERY, FROM_SITES, TROUBLED, Choice
from services.crawler.registry.site_lines import SiteLine
from services.crawler.registry.sites import FIELDS
from services.crawler.store import OverrideRow, RobotsRow, SiteRow
from shared.database import Transaction

MOST_PROBLEMS = 5  # kinds of them, of one site
Figures = Mapping[str, Any]  # one site's, by name; moments are aware, in UTC

SUMMARY = f"""
    SELECT sites.host, sites.name, sites.kind, sites.country, sites.legal_ground, sites.paused,
        {TROUBLED} AS troubled, coalesce(hosts.problem, start.problem) AS problem,
        CASE WHEN hosts.hold_off_until > now() THEN hosts.hold_off_until END AS hold_off_until,
        coalesce(hosts.pages, 0) AS pages, coalesce(hosts.visits, 0) AS visits, coalesce(hosts.failed, 0) AS failed,
        coalesce(hosts.found, 0) AS found, coalesce(hosts.bytes, 0) AS bytes, hosts.last_visit_at, hosts.last_found_at
    {FROM_SITES}
"""  # our own words, here and below
PAGES = sa.text("""
    SELECT count(*) FILTER (WHERE next_at <= now()) AS due, count(*) FILTER (WHERE visits = 0) AS not_visited,
        count(*) FILTER (WHERE failures > 0) AS failing, min(next_at) AS next_visit_at
    FROM frontier WHERE host = :host
""")
PROBLEMS = sa.text("""
    SELECT problem, count(*) AS pages FROM frontier WHERE host = :host AND problem IS NOT NULL
    GROUP BY problem ORDER BY pages DESC, problem LIMIT :most
""")
CHECKS = sa.text("SELECT count(*) FILTER (WHERE done_at IS NULL) AS checks_open FROM checks WHERE host = :host")


async def summaries(tx: Transaction, choice: Choice, after: str = "", most: int = 50) -> list[Figures]:
    """At most so many of the sites that are meant, in the order of their hosts, beginning behind `after`."""
    page = sa.text(f"{SUMMARY} WHERE {choice.where} AND sites.host > :after ORDER BY sites.host LIMIT :most")
    rows = await tx.execute(page, {**choice.values, "after": after, "most": most})
    return [dict(row) for row in rows.mappings()]


async def count(tx: Transaction, choice: Choice) -> int:
    total = sa.text(f"SELECT count(*) {FROM_SITES} WHERE {choice.where}")
    return int((await tx.execute(total, dict(choice.values))).scalar_one())


async def whole(tx: Transaction, host: str) -> dict[str, Any] | None:
    """Everything about one site; None when it is not in the list."""
    site = await tx.scalar(sa.select(SiteRow).where(SiteRow.host == host))
    if site is None:
        return None
    (summary,) = await summaries(tx, Choice(hosts=[host]))
    robots = await tx.scalars(sa.select(RobotsRow).where(RobotsRow.host == host).order_by(RobotsRow.origin))
    overrides = await tx.scalars(sa.select(OverrideRow).where(OverrideRow.host == host))
    problems = await tx.execute(PROBLEMS, {"host": host, "most": MOST_PROBLEMS})
    return {
        **{name: getattr(site, name) for name in FIELDS},
        **summary,
        **(await tx.execute(PAGES, {"host": host})).mappings().one(),
        **(await tx.execute(CHECKS, {"host": host})).mappings().one(),
        "problems": {row.problem: row.pages for row in problems},
        "robots": {row.origin: {"asked_at": row.asked_at, "status": row.status, "sha256": row.sha256,
                                "legal_ground": row.legal_ground, "decision": row.decision} for row in robots},
        "robots_overrides": {row.legal_ground: {"visits": row.visits, "last_at": row.last_at, "last_url": row.last_url}
                             for row in overrides},
    }  # fmt: skip


async def lines(tx: Transaction, choice: Choice = EVERY) -> Sequence[SiteLine]:
    """The list as it would have to be given to be what it is now."""
    wanted = ", ".join(f"sites.{name}" for name in FIELDS)
    query = sa.text(f"SELECT {wanted} {FROM_SITES} WHERE {choice.where} ORDER BY sites.host")
    return [SiteLine(**row) for row in (await tx.execute(query, dict(choice.values))).mappings()]
