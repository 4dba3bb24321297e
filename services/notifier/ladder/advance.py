"""The next step of a case's ladder, after whatever happened to it."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.notifier.ladder.decide import UNSENT, Action, AskRegulator, Release, Withdraw, decide
from services.notifier.ladder.facts import REGULATOR, Asked, Facts
from services.notifier.ladder.log import lines
from services.notifier.ladder.plan import plan, wake_at
from services.notifier.ladder.reading import read_facts
from services.notifier.ladder.store import Ladder, held, written
from services.notifier.rounds import next_round
from services.notifier.store import PLANNED, WAITING, WITHDRAWN, Delivery
from shared.database import Transaction
from shared.events import CasePlanned, FollowUpAsked, NoticeEscalated, NoticeWithdrawn, PlannedStep
from shared.identity import identity

BY = "ladder"


async def advance(tx: Transaction, case_id: UUID) -> None:
    """Decide anew from everything that is known of the case. May be called as often as one likes.

    What others of this transaction did to rows counts as well.
    """
    row = await held(tx, case_id)
    now = tx.clock.now()
    actions, facts = decide(await read_facts(tx, row), now)
    await _apply(tx, facts, actions, now)
    facts = await _asked(tx, facts, now)
    row.settled_at, row.asked = facts.settled_at, [written(one) for one in facts.asked]
    _tell(tx, row, facts, now)


async def _apply(tx: Transaction, facts: Facts, actions: list[Action], now: datetime) -> None:
    escalated: dict[tuple[int, int, str], list[UUID]] = defaultdict(list)
    for action in actions:
        match action:
            case Withdraw(notice_id, why):
                if await _move(tx, notice_id, UNSENT, {"state": WITHDRAWN}):
                    _tell_withdrawn(tx, facts, action, now)
            case Release(notice_id, why):
                moved = await _move(tx, notice_id, (PLANNED,), {"state": WAITING, "next_attempt_at": now})
                entry = facts.entry(notice_id)
                if moved and entry is not None and entry.follows is None:
                    escalated[entry.round, entry.rung, why].append(notice_id)
            case AskRegulator():
                pass  # with its number, below
    for (_, rung, why), notices in escalated.items():
        told = NoticeEscalated(case_id=facts.case_id, rung=rung, notices=tuple(notices), why=why, escalated_at=now)
        tx.publish(told, id=identity("escalated", *sorted(map(str, notices))))


async def _move(tx: Transaction, notice_id: UUID, former: tuple[str, ...], values: dict[str, Any]) -> bool:
    """Not if the sender took it meanwhile."""
    here = sa.and_(Delivery.notice_id == notice_id, Delivery.state.in_(former))
    return bool((await tx.execute(sa.update(Delivery).where(here).values(values))).rowcount)


def _tell_withdrawn(tx: Transaction, facts: Facts, action: Withdraw, now: datetime) -> None:
    notice_id, entry = action.notice_id, facts.entry(action.notice_id)
    by = (entry.stopped_by if entry else "") or BY
    told = NoticeWithdrawn(case_id=facts.case_id, notice_id=notice_id, why=action.why, by=by, withdrawn_at=now)
    tx.publish(told, id=identity("withdrawn", notice_id))


async def _asked(tx: Transaction, facts: Facts, now: datetime) -> Facts:
    """The packets that were decided on get their numbers and are asked for."""
    known = []
    for one in facts.asked:
        known.append(one if one.round else replace(one, round=await _ask(tx, facts, one, now)))
    return replace(facts, asked=tuple(known))


async def _ask(tx: Transaction, facts: Facts, asked: Asked, now: datetime) -> int:
    round = await next_round(tx, facts.case_id)
    told = FollowUpAsked(
        case_id=facts.case_id,
        round=round,
        why=REGULATOR,
        url=facts.url,
        notices=asked.about,
        log=lines(facts, now),
        asked_at=now,
    )
    tx.publish(told, id=identity("follow-up", facts.case_id, round))
    return round


def _tell(tx: Transaction, row: Ladder, facts: Facts, now: datetime) -> None:
    """The plan, if it is another than it was."""
    steps = plan(facts, now)
    row.next_at = wake_at(facts, steps, now)
    row.running, row.expired = _clocks(steps)
    told: list[dict[str, Any]] = [step.model_dump(mode="json") for step in steps]
    if told == row.plan:
        return
    row.plan, row.revision = told, row.revision + 1
    planned = CasePlanned(case_id=row.case_id, revision=row.revision, steps=steps, planned_at=now)
    tx.publish(planned, id=identity("planned", row.case_id, row.revision))


def _clocks(steps: tuple[PlannedStep, ...]) -> tuple[int, int]:
    return sum(step.what == "clock" for step in steps), sum(step.why in ("expired", "unanswered") for step in steps)
