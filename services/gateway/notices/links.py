"""Cases of the same content, or of sites that seem to be of one operator: told with the later one, shown with both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from services.gateway.store import Case
from shared.database import Transaction
from shared.notices import reference

SHOWN = 20  # later cases: what spreads further is a matter for a search, not for a page
SAME_CONTENT = ("hash", "entry")  # the others are traces of an operator


@dataclass(frozen=True)
class Linked:
    """`earlier`: it was known before this one. `by`: what agrees. `state`: None where we know no such case."""

    case_id: UUID
    reference: str
    host: str
    by: tuple[str, ...]
    found_at: datetime | None
    earlier: bool
    state: str | None

    @property
    def same_content(self) -> bool:
        return not set(self.by).isdisjoint(SAME_CONTENT)


async def of_case(tx: Transaction, case: Case) -> Sequence[Linked]:
    """The earlier ones first, in the order in which they were found."""
    return [*await _earlier(tx, case), *await _later(tx, case)]


async def _earlier(tx: Transaction, case: Case) -> list[Linked]:
    links = case.links or ()
    rows = await tx.execute(
        sa.select(Case.case_id, Case.state).where(Case.case_id.in_([link.case_id for link in links]))
    )
    states = {row["case_id"]: row["state"] for row in rows.mappings()}
    return [
        Linked(link.case_id, link.reference, link.host, link.by, link.found_at, True, states.get(link.case_id))
        for link in links
    ]


async def _later(tx: Transaction, case: Case) -> list[Linked]:
    naming = sa.type_coerce(Case.links, JSONB).contains([{"case_id": str(case.case_id)}])
    columns = (Case.case_id, Case.host, Case.links, Case.found_at, Case.state)
    rows = await tx.execute(sa.select(*columns).where(naming).order_by(Case.found_at, Case.case_id).limit(SHOWN))
    return [
        Linked(
            row["case_id"],
            reference(row["case_id"]),
            row["host"] or "",
            next((link.by for link in row["links"] if link.case_id == case.case_id), ()),
            row["found_at"],
            False,
            row["state"],
        )
        for row in rows.mappings()
    ]
