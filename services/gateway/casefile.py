"""A case as it is shown: read once, everything that belongs to it together."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.gateway import history
from services.gateway.audit import Break, Line
from services.gateway.cases import notices_of
from services.gateway.domain import Stage, State, timeline
from services.gateway.evidence import lines as custody
from services.gateway.evidence import orders
from services.gateway.evidence.files import TEXT, WIREFRAME, pairs
from services.gateway.evidence.orders import Order
from services.gateway.evidence.standing import Line as CustodyLine
from services.gateway.evidence.standing import Standing, standing
from services.gateway.problems import Problem
from services.gateway.projections import in_draft, known_notices
from services.gateway.store import Case, CaseNotice
from shared.database import Database, Transaction
from shared.events.values import SealedObject


@dataclass(frozen=True)
class CaseFile:
    """`draft`: the notices that a verdict would be on; `notices`: these and whatever else was sent.

    `pictures`: those that can be unblurred; none once the evidence is destroyed. `standing`: what `custody` says.
    """

    case: Case
    draft: list[CaseNotice]
    notices: list[CaseNotice]
    stages: list[Stage]
    history: list[Line]
    broken: Break | None
    pictures: list[SealedObject]
    custody: Sequence[CustodyLine]
    standing: Standing
    orders: Sequence[Order]

    @property
    def wireframe(self) -> str | None:
        """The picture of the page's layout, when there is one to show."""
        return self._file(WIREFRAME)

    @property
    def text(self) -> str | None:
        return self._file(TEXT)

    def _file(self, name: str) -> str | None:
        if self.case.destroyed_at:
            return None
        return next((item.name for item in self.case.objects or () if item.name == name), None)

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
    told = await custody.read(tx, case_id)
    return CaseFile(
        case=case,
        draft=in_draft(case, notices),
        notices=known_notices(case, notices),
        stages=timeline(case.facts),
        history=lines,
        broken=broken,
        pictures=[] if case.destroyed_at else pairs(case.objects or ()),
        custody=told,
        standing=standing(told, tx.clock.now()),
        orders=await orders.of_case(tx, case_id),
    )


async def open_file(database: Database, case_id: UUID) -> CaseFile:
    async with database.transaction() as tx:
        return await read(tx, case_id)
