"""Nothing lost, nothing doubled: each finding is one seal, one collection in the chain of custody, one event."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg

QUERY = """
SELECT count(*) FILTER (WHERE e.sealed_at IS NULL) AS unsealed,
       count(*) FILTER (WHERE c.collected IS DISTINCT FROM 1) AS not_once,
       count(*) FILTER (WHERE o.told IS DISTINCT FROM 1) AS not_told_once
FROM unnest(%(cases)s::uuid[]) AS wanted(case_id)
LEFT JOIN evidence.evidence e USING (case_id)
LEFT JOIN (SELECT case_id, count(*) AS collected FROM evidence.custody WHERE action = 'collected' GROUP BY 1) c
       USING (case_id)
LEFT JOIN (SELECT key, count(*) AS told FROM evidence.outbox
           WHERE topic = 'evidence.sealed' AND published_at IS NOT NULL GROUP BY 1) o
       ON o.key = convert_to(wanted.case_id::text, 'UTF8')
"""
BYTES = """
SELECT coalesce(avg(size), 0)::bigint FROM (
  SELECT sum((object->>'bytes')::bigint) AS size FROM evidence.evidence, jsonb_array_elements(objects) AS object
  WHERE case_id = ANY(%(cases)s) GROUP BY case_id) AS each
"""


@dataclass(frozen=True)
class Checked:
    """`bytes`: what one capture keeps, on average."""

    unsealed: int
    collected_not_once: int
    told_not_once: int
    bytes: int

    @property
    def fine(self) -> bool:
        return not (self.unsealed or self.collected_not_once or self.told_not_once)


def check(owner: str, cases: Sequence[UUID]) -> Checked:
    """`owner`: libpq's URL."""
    with psycopg.connect(owner) as db:
        row = db.execute(QUERY, {"cases": list(cases)}).fetchone()
        size = db.execute(BYTES, {"cases": list(cases)}).fetchone()
    assert row is not None  # an aggregate has a row
    assert size is not None
    return Checked(int(row[0]), int(row[1]), int(row[2]), int(size[0]))
