"""What removal checks found, in the table: answers to whoever asked, and looks that another has to confirm."""

import json
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from services.crawler.store import CheckRow
from services.crawler.visit import Checked
from shared.database import Transaction
from shared.events import ContentChecked
from shared.events.values import Probe
from shared.identity import identity

# A check that was dropped meanwhile (`checks.DROP_EARLIER`) is answered to nobody. Of one that is over, what the page
# said is kept no longer.
WRITE = sa.text("""
    UPDATE checks SET looks = CAST(given.looks AS json), due_at = coalesce(given.again_at, due_at),
        done_at = CASE WHEN given.again_at IS NULL THEN given.at END,
        finding = CASE WHEN given.again_at IS NULL THEN CAST('{}' AS json) ELSE finding END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:moments AS timestamptz[]), CAST(:again AS timestamptz[]),
        CAST(:looks AS text[])) AS given (check_id, at, again_at, looks)
    WHERE checks.check_id = given.check_id AND done_at IS NULL
    RETURNING checks.check_id
""")

# The last answered check of each case before the given one.
LAST_LOOKS = sa.text("""
    SELECT DISTINCT ON (checks.case_id) checks.case_id, looks
    FROM checks JOIN unnest(CAST(:cases AS uuid[]), CAST(:numbers AS integer[])) AS given (case_id, number)
        ON checks.case_id = given.case_id AND checks.number < given.number
    WHERE done_at IS NOT NULL
    ORDER BY checks.case_id, checks.number DESC
""")


async def write_down(tx: Transaction, checked: Sequence[Checked]) -> None:
    """Answers what is over. What has to look again is due again then; the host is let go by who recorded it."""
    given = {
        "ids": [done.check.check_id for done in checked],
        "moments": [done.at for done in checked],
        "again": [done.again_at for done in checked],
        "looks": [json.dumps([probe.model_dump(mode="json") for probe in done.look]) for done in checked],
    }
    written = set((await tx.execute(WRITE, given)).scalars())
    for done in checked:
        if done.check.check_id in written and done.again_at is None:
            tx.publish(_answer(done), id=identity("content.checked", done.check.check_id))


async def earlier_looks(tx: Transaction, rows: Iterable[CheckRow]) -> Mapping[UUID, tuple[Probe, ...]]:
    """By check: its own last look, else that of the case's check before it; nothing where that found something."""
    rows = list(rows)
    given = {"cases": [row.case_id for row in rows], "numbers": [row.number for row in rows]}
    before = {row.case_id: row.looks for row in await tx.execute(LAST_LOOKS, given)} if rows else {}
    return {row.check_id: tuple(map(Probe.model_validate, row.looks or before.get(row.case_id, ()))) for row in rows}


def _answer(done: Checked) -> ContentChecked:
    check = done.check
    return ContentChecked(
        case_id=check.case_id,
        check_id=check.check_id,
        number=check.number,
        outcome=done.outcome,
        probes=done.probes,
        checked_at=done.at,
    )
