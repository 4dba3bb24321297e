"""Giving what is new to its agency: a case to the one that it was reported to, else to the one whose rule takes it."""

import sqlalchemy as sa

from services.gateway.agencies.store import Agency
from services.gateway.agencies.taking import Described, taker
from services.gateway.door.store import PageRow
from services.gateway.store import Case
from shared.database import Transaction

BY_REPORT, BY_RULE = "report", "rule"


async def place(tx: Transaction, case: Case) -> None:
    """Once, as soon as it is known where the content is. The case is held."""
    if case.placed or not case.host:
        return
    reported = sa.select(PageRow.agency).where(PageRow.case_id == case.case_id).order_by(PageRow.reported_at).limit(1)
    if agency := await tx.scalar(reported):
        case.agency, case.placed = agency, BY_REPORT
        return
    known = Described(case.host, case.country, case.language, case.category)
    case.agency, case.placed = await by_rule(tx, known), BY_RULE


async def by_rule(tx: Transaction, known: Described) -> str:
    """The agency whose rule takes it."""
    rows = await tx.execute(sa.select(Agency.agency, Agency.takes).order_by(Agency.position, Agency.agency))
    return taker([(row["agency"], row["takes"]) for row in rows.mappings()], known)
