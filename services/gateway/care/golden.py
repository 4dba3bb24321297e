"""Golden cases: decided cases whose verdict two seniors agree on. They show how a verdict is meant, and how well it is
understood; nothing is ever sent of them again."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.api.cursors import moment
from services.gateway.api.paging import page
from services.gateway.audit import Action
from services.gateway.problems import Problem
from services.gateway.store import Base, Case
from services.gateway.tokens import same
from shared.database import Transaction
from shared.events import Verdict

MAX_WHY = 2_000  # characters
SHOWN = 200  # golden cases of a page; more than most houses keep by hand


class Golden(Base):
    """`why`: what the case teaches, shown to whoever looked at it. By pseudonym: who proposed, agreed and ended."""

    __tablename__ = "golden_cases"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str]
    category: Mapped[str]
    verdict: Mapped[str]
    why: Mapped[str]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    agreed_by: Mapped[str | None]
    agreed_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]

    @property
    def shown(self) -> str:
        """SHA-256 of what is proposed, by whom and when: what another senior agrees to."""
        said = (self.case_id, self.proposed_by, self.proposed_at.astimezone(UTC).isoformat(), self.verdict, self.why)
        return hashlib.sha256("\n".join(map(str, said)).encode()).hexdigest()

    @property
    def state(self) -> str:
        return "ended" if self.ended_at else "agreed" if self.agreed_at else "proposed"


async def propose(tx: Transaction, by: Account, case_id: UUID, verdict: Verdict, why: str) -> None:
    """The same again changes nothing. Raises `Problem` 404, 409 or 422."""
    case = await tx.get(Case, case_id, lock=True)
    if case is None:
        raise Problem(404, "no-case")
    if case.decided_at is None or case.destroyed_at is not None:
        raise Problem(409, "golden-undecided", field="case_id")
    if not why.strip() or len(why) > MAX_WHY:
        raise Problem(422, "golden-why", field="why", most=MAX_WHY)
    row = await tx.get(Golden, case_id, lock=True)
    if row and row.ended_at is None:
        if (row.proposed_by, row.verdict) == (by.pseudonym, verdict.value):
            return
        raise Problem(409, "golden-already", field="case_id")
    if row:
        await tx.execute(sa.delete(Golden).where(Golden.case_id == case_id))
    values = {"agency": by.agency, "category": case.category or "unknown", "verdict": verdict.value}
    await tx.execute(
        sa.insert(Golden).values(
            case_id=case_id, why=why.strip(), proposed_by=by.pseudonym, proposed_at=tx.clock.now(), **values
        )
    )
    await history.append(tx, case_id, by.pseudonym, Action.GOLDEN_PROPOSED, {"verdict": verdict.value})


async def agree(tx: Transaction, by: Account, case_id: UUID, shown: str) -> None:
    """`shown`: the digest of the proposal that was looked at. Raises `Problem` 403 for whoever proposed it, 404 or
    409."""
    row = await _held(tx, case_id)
    if not same(row.shown, shown):
        raise Problem(409, "golden-changed", field="shown")
    if row.state == "agreed":
        return
    if row.proposed_by == by.pseudonym or by.scripted:
        raise Problem(403, "golden-four-eyes")
    row.agreed_by, row.agreed_at = by.pseudonym, tx.clock.now()
    await history.append(tx, case_id, by.pseudonym, Action.GOLDEN_AGREED, {"verdict": row.verdict, "shown": shown})


async def end(tx: Transaction, by: Account, case_id: UUID) -> None:
    row = await _held(tx, case_id)
    row.ended_by, row.ended_at = by.pseudonym, tx.clock.now()
    await history.append(tx, case_id, by.pseudonym, Action.GOLDEN_ENDED, {})


async def _held(tx: Transaction, case_id: UUID) -> Golden:
    row = await tx.get(Golden, case_id, lock=True)
    if row is None or row.ended_at is not None:
        raise Problem(404, "no-golden")
    return row


async def shown(
    tx: Transaction, limit: int = SHOWN, after: str | None = None
) -> tuple[list[tuple[Golden, Case]], str | None]:
    """The newest first, with their cases; and where the next page begins."""
    place = ((Golden.proposed_at, moment), (Golden.case_id, UUID))
    golden, following = await page(tx, sa.select(Golden), place, limit, after)
    cases = await tx.scalars(sa.select(Case).where(Case.case_id.in_([row.case_id for row in golden])))
    by_id = {case.case_id: case for case in cases}
    return [(row, by_id[row.case_id]) for row in golden if row.case_id in by_id], following
