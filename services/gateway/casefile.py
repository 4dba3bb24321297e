"""A case as it is shown: read once, everything that belongs to it together."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.gateway import history
from services.gateway.alarms import Raised, unattended
from services.gateway.audit import Break, Line
from services.gateway.cases import known
from services.gateway.domain import Stage, State, timeline
from services.gateway.evidence import lines as custody
from services.gateway.evidence import orders
from services.gateway.evidence.files import TEXT, WIREFRAME, pairs
from services.gateway.evidence.orders import Order
from services.gateway.evidence.standing import Line as CustodyLine
from services.gateway.evidence.standing import Standing, standing
from services.gateway.notices import links
from services.gateway.notices.answers import newest
from services.gateway.notices.editing import EDITABLE
from services.gateway.notices.links import Linked
from services.gateway.notices.rows import Answer, CaseNotice, Held, Round
from services.gateway.problems import Problem
from services.gateway.store import Case
from shared.database import Database, Transaction
from shared.events.values import SealedObject


@dataclass(frozen=True)
class CaseFile:
    """`draft`: the notices that the first verdict would be on; `notices`: these, those of further rounds and whatever
    else was sent. `rounds`: further drafts. `alarms`: what nobody has seen to. `linked`: cases of the same content.
    `pictures`: those that can be unblurred; none once the evidence is destroyed. `standing`: what `custody` says.
    """

    case: Case
    draft: list[CaseNotice]
    notices: list[CaseNotice]
    rounds: list["RoundFile"]
    answers: Sequence[Answer]
    alarms: list[Raised]
    linked: Sequence[Linked]
    stages: list[Stage]
    history: list[Line]
    broken: Break | None
    pictures: list[SealedObject]
    custody: Sequence[CustodyLine]
    standing: Standing
    orders: Sequence[Order]

    @property
    def others(self) -> list[CaseNotice]:
        """Of older drafts, what was sent or came back."""
        present = {row.notice_id for rows in (self.draft, *(further.draft for further in self.rounds)) for row in rows}
        return [row for row in self.notices if row.notice_id not in present]

    @property
    def names(self) -> dict[UUID, str]:
        """Who each notice goes to."""
        return {row.notice_id: row.content.recipient.name for row in self.notices if row.content}

    @property
    def awaiting(self) -> "RoundFile | None":
        """The further round that is to be decided."""
        return next((further for further in self.rounds if further.row.round == self.case.awaits), None)

    @property
    def unsent(self) -> list[CaseNotice]:
        """What an official can still stop."""
        return [row for row in self.notices if row.unsent]

    def editable(self, row: CaseNotice) -> bool:
        """Whether a person can still change its words."""
        first = self.awaits_review and row in self.draft
        further = self.awaiting is not None and row in self.awaiting.draft
        return (first or further) and row.content is not None and row.content.recipient.channel in EDITABLE

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


@dataclass(frozen=True)
class RoundFile:
    """A further draft, and the notices that its verdict would be on."""

    row: Round
    draft: list[CaseNotice]


async def read(tx: Transaction, case_id: UUID) -> CaseFile:
    """Raises `Problem` 404. The row is held while reading, so that case and notices are of one moment."""
    held = await known(tx, case_id)
    if held is None:
        raise Problem(404, "no-case")
    case = held.case
    lines, broken = await history.read(tx, case_id)
    told = await custody.read(tx, case_id)
    return CaseFile(
        case=case,
        draft=held.draft(),
        notices=held.known(),
        rounds=further(held),
        answers=await newest(tx, case_id),
        alarms=unattended(held),
        linked=await links.of_case(tx, case),
        stages=timeline(case.facts),
        history=lines,
        broken=broken,
        pictures=[] if case.destroyed_at else pairs(case.objects or ()),
        custody=told,
        standing=standing(told, tx.clock.now()),
        orders=await orders.of_case(tx, case_id),
    )


def further(held: Held) -> list[RoundFile]:
    return [RoundFile(row, held.draft(number)) for number, row in sorted(held.rounds.items()) if row.drafted_at]


async def open_file(database: Database, case_id: UUID) -> CaseFile:
    async with database.transaction() as tx:
        return await read(tx, case_id)
