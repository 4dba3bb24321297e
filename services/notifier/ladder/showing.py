"""What is planned, out of the rows, for people: of one case, or of all."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.notifier.ladder.store import Ladder
from shared.database import Transaction
from shared.events import PlannedStep

ALARM = "alarm"


async def planned(tx: Transaction, case_id: UUID) -> tuple[PlannedStep, ...] | None:
    """The steps of a case in order; None where no notice of it was ever approved."""
    row = await tx.get(Ladder, case_id)
    return None if row is None else tuple(PlannedStep.model_validate(one) for one in row.plan)


async def due(tx: Transaction, until: datetime, limit: int, *, alarms: bool) -> list[tuple[UUID, PlannedStep]]:
    """The steps of all cases up to then, the earliest first; or what a person has to look at. Reads every ladder."""
    steps: Any = sa.func.jsonb_array_elements(Ladder.plan).table_valued("value", joins_implicitly=True)
    step = sa.cast(steps.c.value, Ladder.plan.type)
    at = sa.cast(step["at"].as_string(), sa.DateTime(timezone=True))
    what = step["what"].as_string()
    wanted = what == ALARM if alarms else sa.and_(what != ALARM, at <= until)
    found = sa.select(Ladder.case_id, step.label("step")).where(wanted).order_by(at, Ladder.case_id).limit(limit)
    return [(row.case_id, PlannedStep.model_validate(row.step)) for row in await tx.execute(found)]
