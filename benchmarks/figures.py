"""Figures of a house at a million closed cases: the dashboard's tables for a year and for thirty days, from sums.

Beside it in the same run: the same medians asked of the cases themselves in one plain statement. `detail` tells how
long it takes to count every case for the first time, what a pass without changes costs, and how the sums agree.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import LiteralString

import psycopg

from benchmarks.harness import Figure, alone
from benchmarks.postgres import postgres
from services.gateway.agencies.scoping import EVERYTHING
from services.gateway.care import house
from services.gateway.figures.reading import Period, period, read
from services.gateway.figures.rolling import catch_up
from services.gateway.figures.tables import tables
from shared.database import Database

CASES, QUICK_CASES = 1_000_000, 20_000
STEP = 100_000
ROUNDS = 20
TODAY = date(2026, 10, 31)
FILL: LiteralString = """
INSERT INTO gateway.cases (
    case_id, agency, state, rank, host, language, country, category, risk, known, found_at, flagged_at, sealed_at,
    drafted_at, decided_at, sent_at, removed_at, verified_at, verdict, reviewer, scripted, updated_at
)
SELECT
    md5('case ' || n)::uuid, 'home', 'removed', 0, 'board-' || n %% 5000 || '.en.test',
    (ARRAY['ko', 'en', 'ja', 'zh'])[1 + n %% 4], (ARRAY['KR', 'US', 'JP', 'DE'])[1 + n %% 4],
    (ARRAY['trade_offer', 'suspected_text', 'threatened'])[1 + n %% 3], random(), false, at, at, at,
    at + interval '1 minute', at + interval '1 hour' * random() * 9, at + interval '10 hours',
    at + interval '11 hours' + interval '1 hour' * (-20 * ln(1 - random() * 0.999)), at,
    CASE WHEN n %% 7 = 0 THEN 'rejected' ELSE 'approved' END, 'reviewer-' || n %% 9, false,
    at + interval '30 hours'
FROM (
    SELECT n, timestamptz '2025-11-01' + random() * interval '360 days' AS at
    FROM generate_series(%(first)s::int, %(last)s::int) AS n
) AS made
"""
NOTICES: LiteralString = """
INSERT INTO gateway.notices (notice_id, case_id, round, content, sent_at)
SELECT md5('notice ' || case_id)::uuid, case_id, 0, jsonb_build_object('recipient', jsonb_build_object(
    'name', 'n', 'email', 'abuse@host-' || abs(hashtext(case_id::text)) %% 300 || '.test', 'role', 'host',
    'country', country, 'provider', '')), sent_at
FROM gateway.cases
"""
SIZE = "SELECT count(*), pg_total_relation_size('gateway.figure_cells') FROM gateway.figure_cells"
PLAIN = """
SELECT count(*), percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM drafted_at - found_at)),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - drafted_at)),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - decided_at)),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM removed_at - sent_at)),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM removed_at - found_at))
FROM gateway.cases WHERE agency = 'home' AND removed_at >= %(first)s AND removed_at < %(after)s
"""
PERIODS = {name: period(TODAY - timedelta(days=days - 1), TODAY) for name, days in (("year", 365), ("30 days", 30))}


def measure(quick: bool, home: Path) -> Figure:
    return asyncio.run(_measure(QUICK_CASES if quick else CASES, home))


async def _measure(cases: int, home: Path) -> Figure:
    async with postgres("gateway", home) as server:
        await asyncio.to_thread(fill, server.owner, cases)
        return await _figure(Database(server.url, "/haetae/gateway", settings=EVERYTHING), server.owner, cases)


def fill(owner: str, cases: int) -> None:
    with psycopg.connect(owner, autocommit=True) as connection:
        for first in range(1, cases + 1, STEP):
            connection.execute(FILL, {"first": first, "last": min(first + STEP - 1, cases)})
        connection.execute(NOTICES.replace("%%", "%"))
        connection.execute("VACUUM ANALYZE gateway.cases, gateway.notices")


async def _figure(database: Database, owner: str, cases: int) -> Figure:
    house.use(house.House(b"benchmark" * 4, UTC))
    first_s = await seconds(lambda: catch_up(database))
    again_s = await seconds(lambda: catch_up(database))
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE gateway.figure_cells, gateway.figure_cases")
        cells, cell_bytes = connection.execute(SIZE).fetchone() or (0, 0)
        kept = connection.execute("SELECT pg_total_relation_size('gateway.figure_cases')").fetchone() or (0,)
    scoped = database.scoped({"haetae.agency": "home"})
    ours = {name: await times(partial(dashboard, scoped, at)) for name, at in PERIODS.items()}
    plain = {name: await times(partial(asyncio.to_thread, asked, owner, at), 3) for name, at in PERIODS.items()}
    await database.close()
    return Figure(
        name="figures",
        unit="ms, every table of the dashboard for a year, median",
        ours=ours["year"],
        peers={"five medians of the cases themselves, one statement": plain["year"]},
        floor=None,
        lower_is_better=True,
        bound_by="rows of sums that are read and turned into Python's counters",
        detail={
            "cases": cases,
            "ours_ms": ours,
            "plain_ms": plain,
            "first_count_s": round(first_s, 1),
            "cases_a_second": round(cases / first_s),
            "pass_without_changes_s": round(again_s, 3),
            "cells": cells,
            "cells_mb": round(cell_bytes / 1e6, 1),
            "kept_of_cases_mb": round(kept[0] / 1e6, 1),
        },
    )


async def dashboard(database: Database, wanted: Period) -> None:
    async with database.transaction() as tx:
        tables(await read(tx, wanted, "home"), wanted, TODAY)


def asked(owner: str, wanted: Period) -> None:
    within = {"first": midnight(wanted.first), "after": midnight(wanted.last + timedelta(days=1))}
    with psycopg.connect(owner) as connection:
        connection.execute(PLAIN, within).fetchall()


def midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)


async def seconds(work: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


async def times(work: Callable[[], Awaitable[object]], rounds: int = ROUNDS) -> float:
    """Milliseconds, the median; the first one warms up."""
    await work()
    return round(median([await seconds(work) for _ in range(rounds)]) * 1000, 1)


if __name__ == "__main__":
    alone(measure)
