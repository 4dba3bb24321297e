"""Which indexes the statements of the queue use, by EXPLAIN: what stays true at ten times the size."""

import re
from datetime import UTC, datetime
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import registry

from benchmarks.queueing.worker import reviewer
from services.gateway.care.serving import Serving
from services.gateway.claims.asked import VIEWS, wanted_of
from services.gateway.claims.choosing import Wish, best_of
from services.gateway.listing import ordered

PATH = re.compile(r"(Seq|Index|Index Only|Bitmap Heap) Scan.*?on \w+|Sort(?= )")
NO_LIMITS = Serving(frozenset(), None, None, "")


def statements() -> dict[str, sa.Select[Any]]:
    now, visitor = datetime.now(UTC), reviewer("reviewer-0")
    lists = {f"list {view}": ordered(wanted_of({"view": view}, "home", "x", None, 50), now) for view in VIEWS}
    filtered = wanted_of({"category": "threatened"}, "home", "x", None, 50)
    return {
        "claim": best_of(visitor, Wish(), NO_LIMITS, (), now),
        "claim of a category": best_of(visitor, Wish(category="threatened"), NO_LIMITS, (), now),
        "list filtered": ordered(filtered, now),
        **lists,
    }


def plans(url: str) -> dict[str, str]:
    """Of each statement its access paths, and its time in the server as it was once, in milliseconds. `url`: of libpq,
    the service's own role."""
    found, dialect = {}, registry.load("postgresql.psycopg")()
    with psycopg.connect(url) as connection:
        connection.execute("SELECT set_config('haetae.agency', 'home', false)")
        for name, statement in statements().items():
            compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
            rows = connection.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {compiled}".encode()).fetchall()
            found[name] = _short([str(row[0]) for row in rows])
    return found


def _short(lines: list[str]) -> str:
    scans = [found[0] for line in lines if (found := PATH.search(line))]
    took = next((line for line in lines if line.startswith("Execution Time")), "")
    return f"{', '.join(dict.fromkeys(scans))} {took.removeprefix('Execution Time: ')}".strip()
