"""How the history is searched among so many lines: what PostgreSQL does for a page, and for how long."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy.dialects import postgresql

from services.gateway.audit import Line
from services.gateway.tree.searching import Wanted, key, statement

MONTHS = 24
PAGE = 100
FILL = """
INSERT INTO gateway.audit (chain, seq, at, actor, action, details, prev_hash, hash)
SELECT ('00000000-0000-0000-0000-' || lpad(to_hex(n / 12), 12, '0'))::uuid, n %% 12 + 1,
  now() - interval '%(days)s days' + n * (interval '%(days)s days' / %(lines)s), 'reviewer-' || n %% 40,
  (ARRAY['case-opened', 'notices-approved', 'notice-sent', 'picture-unblurred', 'removal-verified'])[n %% 5 + 1],
  '{"round": 0}', repeat('0', 64), md5(n::text) || md5((n + 1)::text)
FROM generate_series(0, %(lines)s - 1) AS n
"""


def fill(url: str, lines: int) -> float:
    """Lines of two years, spread evenly; seconds. The owner's: no tree is grown over them."""
    began = time.perf_counter()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE gateway.audit DISABLE TRIGGER USER")
        for month in range(MONTHS + 1):
            connection.execute("SELECT gateway.audit_month(now() - make_interval(months => %s))", [month])
        connection.execute(FILL % {"days": MONTHS * 30, "lines": lines})
        connection.execute("ALTER TABLE gateway.audit ENABLE TRIGGER USER")
        connection.execute("VACUUM ANALYZE gateway.audit")
    return time.perf_counter() - began


def plans(url: str, lines: int) -> dict[str, Mapping[str, object]]:
    """By question: milliseconds of the page, partitions that were read, rows that were read for the hundred shown."""
    now = datetime.now(UTC)
    chain = UUID(int=lines // 24)
    deep = key(Line(chain, 1, now - timedelta(days=MONTHS * 20), "", "", {}, "", ""))
    asked = {
        "newest": Wanted(agency="home", limit=PAGE),
        "deep": Wanted(agency="home", after=deep, limit=PAGE),
        "actor": Wanted(agency="home", actor="reviewer-7", limit=PAGE),
        "action_in_a_month": Wanted(agency="home", action="notice-sent", since=now - timedelta(days=90),
                                    until=now - timedelta(days=60), limit=PAGE),
        "case": Wanted(chain=chain, limit=PAGE),
        "actor_who_never_was": Wanted(agency="home", actor="nobody", limit=PAGE),
    }  # fmt: skip
    with psycopg.connect(url) as connection:
        connection.execute("SET search_path = gateway")
        connection.execute("SET haetae.agency = 'home'")
        return {name: explained(connection, wanted) for name, wanted in asked.items()}


def explained(connection: "psycopg.Connection[Any]", wanted: Wanted) -> dict[str, object]:
    compiled = statement(wanted).compile(dialect=postgresql.psycopg.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy types it not
    question = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {compiled}"
    for _ in range(2):  # the second time from memory, as on a machine that serves others too
        row = connection.execute(question, dict(compiled.params)).fetchone()
    assert row
    plan = row[0][0]
    read = [one for one in nodes(plan["Plan"]) if "Relation Name" in one and one["Actual Loops"]]
    return {
        "ms": round(plan["Execution Time"], 2),
        "planning_ms": round(plan["Planning Time"], 2),
        "partitions": len(read),
        "rows": sum(round(one["Actual Rows"] * one["Actual Loops"]) for one in read),
        "scans": sorted({one["Node Type"] for one in read}),
    }


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(one for child in plan.get("Plans", []) for one in nodes(child))]
