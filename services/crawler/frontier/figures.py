"""What a host's row says of its visits: how it answers, how much was found, how many visits it had today."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from services.crawler.frontier.in_hand import Finished
from services.crawler.visit import Visited
from shared.database import Transaction

TALLY = sa.text("""
    UPDATE hosts SET visits = hosts.visits + given.visits, failed = hosts.failed + given.failed,
        found = hosts.found + given.found, bytes = hosts.bytes + given.bytes,
        last_visit_at = now(), last_found_at = CASE WHEN given.found > 0 THEN now() ELSE last_found_at END,
        failures = given.failures, problem = given.problem,
        day = (now() AT TIME ZONE 'UTC')::date,
        day_visits = given.visits + CASE WHEN day = (now() AT TIME ZONE 'UTC')::date THEN day_visits ELSE 0 END
    FROM unnest(CAST(:hosts AS text[]), CAST(:visits AS integer[]), CAST(:failed AS integer[]),
        CAST(:found AS integer[]), CAST(:bytes AS bigint[]), CAST(:failures AS integer[]), CAST(:problems AS text[]))
        AS given (host, visits, failed, found, bytes, failures, problem)
    WHERE hosts.host = given.host
""")


@dataclass
class _Figures:
    visits: int = 0
    failed: int = 0
    found: int = 0
    bytes: int = 0
    failures: int = 0
    problem: str | None = None


async def tally(tx: Transaction, finished: Sequence[Finished]) -> None:
    hosts = _by_host(finished)
    names = sorted(hosts)
    if names:
        figures = [hosts[name] for name in names]
        given = {
            "visits": [one.visits for one in figures],
            "failed": [one.failed for one in figures],
            "found": [one.found for one in figures],
            "bytes": [one.bytes for one in figures],
            "failures": [one.failures for one in figures],
            "problems": [one.problem for one in figures],
        }
        await tx.execute(TALLY, {"hosts": names, **given})


def _by_host(finished: Iterable[Finished]) -> dict[str, _Figures]:
    hosts: dict[str, _Figures] = {}
    for one in finished:
        if isinstance(one.done, Visited):
            figures = hosts.setdefault(one.host, _Figures())
            figures.visits += 1
            figures.failed += one.done.failures > 0
            figures.found += len(one.done.found)
            figures.bytes += one.done.bytes
            figures.failures = one.failures
            figures.problem = one.done.problem if one.done.silent else None
    return hosts
