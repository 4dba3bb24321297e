"""A queue of many cases, in the real tables with their real indexes, made by the server itself. Neutral words only."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

AGENCIES = ("home", "other")  # the second one has a tenth: row-level security has something to hide
FILL = """
INSERT INTO gateway.cases (
    case_id, agency, state, rank, url, host, title, language, country, category, risk, known, finding, assessment,
    found_at, flagged_at, sealed_at, drafted_at, updated_at, factors, waits_since, due_at, copies, pictures
)
SELECT
    md5('case ' || n)::uuid, CASE WHEN n %% 10 = 0 THEN 'other' ELSE 'home' END, 'drafted', -3000 + random() * 20,
    'http://board-' || n %% 5000 || '.en.test/post/' || n, 'board-' || n %% 5000 || '.en.test',
    'The lantern parcel waits at gate ' || n, (ARRAY['ko', 'en', 'ja', 'zh'])[1 + n %% 4],
    (ARRAY['KR', 'US', 'JP', 'DE'])[1 + n %% 4], (ARRAY['trade_offer', 'suspected_text', 'threatened'])[1 + n %% 3],
    random(), false, jsonb_build_object('excerpt', repeat('The lantern parcel waits at gate seven. ', 10)),
    jsonb_build_object('category', 'trade_offer', 'urgency', jsonb_build_object('score', 0.5)),
    at, at, at, at, at, '{"harm": 1.2, "urgency": 2.0, "spread": 1.5, "exposure": 2.0}', at, at + interval '1 day',
    1, (n %% 5)::int
FROM (
  SELECT n, now() - random() * interval '30 hours' AS at FROM generate_series(%(first)s::int, %(last)s::int) AS n
) AS made
"""
LINE_UP = """
INSERT INTO gateway.turns (
    case_id, agency, rank, category, language, pictures, known, reported, further, formula
)
SELECT case_id, agency, rank, category, language, pictures, known, false, false, 1 FROM gateway.cases
ON CONFLICT DO NOTHING
"""
FLOOR = """
CREATE TABLE IF NOT EXISTS floor_queue (
    case_id uuid PRIMARY KEY, rank double precision NOT NULL, title text, holder text, until timestamptz
);
INSERT INTO floor_queue SELECT case_id, rank, title FROM gateway.cases WHERE agency = 'home';
CREATE INDEX floor_free ON floor_queue (rank DESC, case_id) WHERE holder IS NULL;
"""
# Those of no constraint.
LATER = """
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'gateway' AND tablename = %(table)s
AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)
"""
STEP = 250_000  # rows of one statement


def fill(owner: str, cases: int) -> None:
    """`owner`: a URL of libpq."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO gateway.agencies SELECT 'other', 'Other', languages, contact, takes, 1, now(), now() "
            "FROM gateway.agencies WHERE agency = 'home' ON CONFLICT DO NOTHING"
        )
        connection.execute("SET maintenance_work_mem = '1GB'")
        with indexes_later(connection, "cases"):
            for first in range(1, cases + 1, STEP):
                connection.execute(FILL, {"first": first, "last": min(first + STEP - 1, cases)})
        with indexes_later(connection, "turns"):
            connection.execute(LINE_UP)
        connection.execute(FLOOR)
        for table in ("gateway.cases", "gateway.turns", "floor_queue"):
            connection.execute(f"VACUUM ANALYZE {table}".encode())
        connection.execute("CHECKPOINT")


@contextmanager
def indexes_later(connection: psycopg.Connection, table: str) -> Iterator[None]:
    """The same indexes in the end, made at once: row by row ten million take half an hour."""
    found = connection.execute(LATER, {"table": table}).fetchall()
    for name, _ in found:
        connection.execute(sql.SQL("DROP INDEX gateway.{}").format(sql.Identifier(name)))
    yield
    for _, definition in found:
        connection.execute(definition)
