"""Who waits for a word of which address: reports stay with it wherever it leads, and none ends without an answer.

Content is told with the reports that asked for it (`ContentFound.reports`). A visit without content is told as
`PageUnreached`: at the first such visit, and when nothing more is to be expected of it.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from services.crawler.domain import MOST_HOPS, PageKind, Priority
from services.crawler.frontier.reports import add_report
from services.crawler.visit import Visited
from shared.database import Transaction
from shared.events import ContentFound, PageReported, PageUnreached
from shared.identity import identity
from shared.urls import canonical, host_of

MOST_REPORTS = 50  # of one visit: what `ContentFound` takes; the rest are told by the next
# Of a page that fails: the backoff doubles from 5 s, so that the twelfth try is some 2.8 hours after the first. Of a
# wall, which is tried again after hours: the third tells what the first two did.
FINAL_TRIES, FINAL_WALLS = 12, 3
WALL = "wall:"
NO_CONTENT = "no content: the page only leads on to others"
TOO_MANY_HOPS = f"redirects: more than {MOST_HOPS}"
NO_ADDRESS = "refused: no address of a web page"
MAX_PROBLEM = 200

ENTER = sa.text("""
    INSERT INTO reported (report_id, case_id, url, given, category, reported_at)
    VALUES (:report_id, :case_id, :url, :url, :category, :at) ON CONFLICT (report_id) DO NOTHING
""")
WAITING = sa.text("""
    SELECT url, report_id, category FROM reported WHERE url = ANY(CAST(:urls AS text[]))
    ORDER BY url, final, reported_at, report_id
""")
TOLD = sa.text("DELETE FROM reported WHERE report_id = ANY(CAST(:ids AS uuid[]))")
MOVE = sa.text("""
    UPDATE reported SET url = :target, hops = hops + 1
    WHERE report_id = ANY(CAST(:ids AS uuid[])) AND hops < :most RETURNING report_id
""")
MISS = sa.text("""
    UPDATE reported SET tries = tries + 1,
        final = final OR :final OR tries + 1 >= CASE WHEN :walled THEN :walls ELSE :most END
    WHERE report_id = ANY(CAST(:ids AS uuid[])) AND NOT final
    RETURNING report_id, case_id, given, tries, final
""")
LEFT = sa.text("SELECT DISTINCT url FROM reported WHERE url = ANY(CAST(:urls AS text[]))")


class Waiting(NamedTuple):
    """`said`: the kinds of case that they name, each once."""

    reports: tuple[UUID, ...]
    said: tuple[str, ...]


NOBODY = Waiting((), ())


async def enter(tx: Transaction, event: PageReported) -> None:
    url = canonical(event.url)
    if url is None:
        _tell(tx, event.report_id, event.case_id, event.url, NO_ADDRESS, True, 0)
        return
    await add_report(tx, url)
    row = {"report_id": event.report_id, "case_id": event.case_id, "url": url}
    await tx.execute(ENTER, {**row, "category": event.category, "at": event.reported_at})


async def waiting(tx: Transaction, urls: Sequence[str]) -> dict[str, Waiting]:
    """By address. Empty for none, without asking: ordinary visits cost nothing more."""
    if not urls:
        return {}
    rows: dict[str, list[Any]] = defaultdict(list)
    for row in await tx.execute(WAITING, {"urls": list(urls)}):
        rows[row.url].append(row)
    return {
        url: Waiting(
            tuple(row.report_id for row in of_url[:MOST_REPORTS]),
            tuple(dict.fromkeys(row.category for row in of_url[:MOST_REPORTS] if row.category)),
        )
        for url, of_url in rows.items()
    }


def onward(visit: Visited) -> str | None:
    """Where a reported address leads."""
    links = (link.url for link in visit.links if link.priority is Priority.REPORT)
    return next(links, None) if visit.known.reports else None


def hosts_onward(visited: Sequence[Visited]) -> set[str]:
    return {host_of(target) for visit in visited if (target := onward(visit))}


async def settle(tx: Transaction, visited: Sequence[Visited]) -> None:
    """What became of the reports that these visits were made for. The hosts are locked."""
    for visit in visited:
        if visit.known.reports:
            await _settle(tx, visit)


async def _settle(tx: Transaction, visit: Visited) -> None:
    ids, url = list(visit.known.reports), visit.known.url
    if any(isinstance(found, ContentFound) for found in visit.found):
        await tx.execute(TOLD, {"ids": ids})
        for left in (await tx.execute(LEFT, {"urls": [url]})).scalars().all():  # came meanwhile, or too many at once
            await add_report(tx, left)
        return
    if target := onward(visit):
        moved = set((await tx.execute(MOVE, {"target": target, "ids": ids, "most": MOST_HOPS})).scalars())
        if moved:
            await add_report(tx, target)
        await _miss(tx, [one for one in ids if one not in moved], TOO_MANY_HOPS, final=True)
        return
    led_on = visit.status is not None and 300 <= visit.status < 400  # too deep by now, so that it gave no link
    problem = visit.problem or (TOO_MANY_HOPS if led_on else NO_CONTENT)
    final = visit.failures == 0 or visit.failures > FINAL_TRIES or visit.kind is PageKind.GONE
    await _miss(tx, ids, problem, final=final)


async def _miss(tx: Transaction, ids: Sequence[UUID], problem: str, *, final: bool) -> None:
    if not ids:
        return
    given = {"walled": problem.startswith(WALL), "walls": FINAL_WALLS, "most": FINAL_TRIES}
    for row in await tx.execute(MISS, {"ids": list(ids), "final": final, **given}):
        if row.tries == 1 or row.final:
            _tell(tx, row.report_id, row.case_id, row.given, problem, row.final, row.tries)


def _tell(tx: Transaction, report: UUID, case: UUID, url: str, problem: str, final: bool, tries: int) -> None:
    event = PageUnreached(
        case_id=case, report_id=report, url=url, problem=problem[:MAX_PROBLEM], final=final, tried_at=tx.clock.now()
    )
    tx.publish(event, id=identity("page.unreached", report, tries))
