"""A case as it is shown: read once, everything that belongs to it together."""

from dataclasses import dataclass
from uuid import UUID

from services.gateway import history
from services.gateway.audit import Break, Line
from services.gateway.cases import notices_of
from services.gateway.domain import Stage, State, timeline
from services.gateway.pictures import pairs
from services.gateway.problems import Problem
from services.gateway.projections import in_draft, known_notices
from services.gateway.store import Case, CaseNotice
from shared.database import Database, Transaction
from shared.events.values import SealedObject


@dataclass(frozen=True)
class CaseFile:
    """`draft`: the notices that a verdict would be on; `notices`: these and whatever else was sent."""

    case: Case
    draft: list[CaseNotice]
    notices: list[CaseNotice]
    stages: list[Stage]
    history: list[Line]
    broken: Break | None
    pictures: list[SealedObject]

    @property
    def awaits_review(self) -> bool:
        return self.case.state == State.DRAFTED


async def read(tx: Transaction, case_id: UUID) -> CaseFile:
    """Raises `Problem` 404. The row is held while reading, so that case and notices are of one moment."""
    case = await tx.get(Case, case_id, lock=True)
    if case is None:
        raise Problem(404, "no-case")
    notices = await notices_of(tx, case_id)
    lines, broken = await history.read(tx, case_id)
    return CaseFile(
        case=case,
        draft=in_draft(case, notices),
        notices=known_notices(case, notices),
        stages=timeline(case.facts),
        history=lines,
        broken=broken,
        pictures=pairs(case.objects or ()),
    )


async def open_file(database: Database, case_id: UUID) -> CaseFile:
    async with database.transaction() as tx:
        return await read(tx, case_id)
