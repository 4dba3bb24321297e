"""The chain of custody as the evidence service told it, line by line: kept beside the cases, and only ever added to."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from haetae_verify.chain import told
from services.gateway import history
from services.gateway.api.kept import forget_case
from services.gateway.audit import Action
from services.gateway.cases import hold
from services.gateway.evidence.forgetting import forget
from services.gateway.notices.rows import Answer
from services.gateway.store import Base
from shared.database import Transaction
from shared.events import CustodyAction, CustodyNoted
from shared.failures import Rejected


class CustodyLine(Base):
    """Append-only: the role may insert and read, a trigger refuses the rest to everybody."""

    __tablename__ = "custody"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    artifacts: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    details: Mapped[dict[str, Any]]
    prev_hash: Mapped[str]
    hash: Mapped[str]


async def note(event: CustodyNoted, tx: Transaction) -> None:
    """Keep the line; of destroyed evidence, nothing of the page stays here either.

    Raises `Rejected` for a line that is another than the one known with its number: one of the two was forged.
    """
    known = await tx.get(CustodyLine, (event.case_id, event.seq))
    if known:
        if known.hash != event.hash:
            raise Rejected(f"custody of case {event.case_id}: line {event.seq} was told before with another hash")
        return
    tx.add(CustodyLine(**{**event.model_dump(), "action": event.action.value}))
    if event.action is CustodyAction.DESTROYED:
        await _destroyed(event, tx)


async def _destroyed(event: CustodyNoted, tx: Transaction) -> None:
    case = (await hold(tx, event.case_id)).case
    case.destroyed_at, case.updated_at = event.at, tx.clock.now()
    forget(case, await tx.scalars(sa.select(Answer).where(Answer.case_id == event.case_id)))
    await forget_case(tx, event.case_id)
    await history.append(tx, event.case_id, event.actor, Action.DESTROYED, {"custody": event.seq, "hash": event.hash})


async def read(tx: Transaction, case_id: UUID) -> list[dict[str, Any]]:
    """The lines with their `hash`, in their order and in the form that is hashed (`haetae_verify.chain`)."""
    rows = await tx.scalars(sa.select(CustodyLine).where(CustodyLine.case_id == case_id).order_by(CustodyLine.seq))
    return [told(row) for row in rows]
