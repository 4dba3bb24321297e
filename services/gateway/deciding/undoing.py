"""Taking verdicts back before their undo window ends, and what a person has waiting."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from services.gateway.audit import Action, Step
from services.gateway.cases import known, settle
from services.gateway.deciding.finishing import open_again
from services.gateway.deciding.store import GIVEN, UNDONE, Pending
from services.gateway.problems import Problem
from services.gateway.sessions import Visitor
from services.gateway.store import Case
from shared.database import Transaction
from shared.events import Verdict

TOLD = timedelta(minutes=10)  # so long pages go on telling a person that a verdict was not given
MOST = 200  # of a person at once: four of the largest clusters


async def undo(tx: Transaction, batch: UUID, by: Visitor) -> list[Pending]:
    """Take back all of them, if none has ended. Raises `Problem` 404 for another person's, 409 "undo-late"."""
    rows = await of_batch(tx, batch, by, lock=True)
    now = tx.clock.now()
    if any(row.ended_at or row.due_at <= now for row in rows):
        raise Problem(409, "undo-late", field="batch")
    for row in rows:
        held = await known(tx, row.case_id)
        if held is None:
            raise LookupError(f"case {row.case_id} vanished while its verdict waited")
        open_again(held, row.round)
        row.ended_at, row.outcome = now, UNDONE
        further = {"round": row.round} if row.round else {}
        details = {"verdict": row.decision.verdict.value, **further}
        await settle(tx, held, by.account.pseudonym, Step(Action.UNDONE, details))
    return rows


async def of_batch(tx: Transaction, batch: UUID, by: Visitor, *, lock: bool = False) -> list[Pending]:
    """One's own verdicts that were given together, in the order of their cases. Raises `Problem` 404 for none."""
    mine = sa.select(Pending).where(Pending.batch == batch, Pending.login == by.account.login)
    rows = await tx.scalars(
        mine.order_by(Pending.case_id).with_for_update() if lock else mine.order_by(Pending.case_id)
    )
    if not rows:
        raise Problem(404, "no-pending")
    return list(rows)


@dataclass(frozen=True)
class Told:
    """Verdicts that a person gave together. `titles`: of their cases, by id. `why`: they were not given, and why."""

    batch: UUID
    verdict: Verdict
    titles: Mapping[UUID, str | None]
    due_at: datetime
    why: str = ""


async def told(tx: Transaction, by: Visitor) -> list[Told]:
    """What a person's pages tell: verdicts that can still be taken back, and those that were not given after all."""
    now = tx.clock.now()
    waiting = sa.and_(Pending.ended_at.is_(None), Pending.due_at > now)
    failed = sa.and_(Pending.outcome.not_in((GIVEN, UNDONE)), Pending.ended_at > now - TOLD)
    mine = sa.select(Pending, Case.title).join(Case, Case.case_id == Pending.case_id)
    mine = mine.where(Pending.login == by.account.login, sa.or_(waiting, failed))
    found = await tx.execute(mine.order_by(Pending.proposed_at.desc(), Pending.case_id).limit(MOST))
    batches: dict[tuple[UUID, str], dict[UUID, tuple[Pending, str | None]]] = {}
    for row in found.mappings():
        pending = row["Pending"]
        batches.setdefault((pending.batch, pending.outcome or ""), {})[pending.case_id] = pending, row["title"]
    return [as_told(batch, why, cases) for (batch, why), cases in batches.items()]


def as_told(batch: UUID, why: str, cases: Mapping[UUID, tuple[Pending, str | None]]) -> Told:
    first = next(iter(cases.values()))[0]
    titles = {case_id: title for case_id, (_, title) in cases.items()}
    return Told(batch, first.decision.verdict, titles, first.due_at, why)
