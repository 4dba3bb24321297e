"""What officials do after the verdict: stop what is not sent yet, hand a notice in by a form, see to an alarm.

Each is one transaction: the case, its history and the event, all or nothing.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from services.gateway.accounts import Account
from services.gateway.alarms import raised
from services.gateway.audit import Action, Step
from services.gateway.cases import known, settle
from services.gateway.domain import NoticeState
from services.gateway.notices.rows import CaseNotice, Held
from services.gateway.problems import Problem
from shared.database import Database, Transaction
from shared.events import HandedOver, NoticesStopped
from shared.identity import identity

MAX_WORDS = 500  # characters of a reason
MAX_RECEIPT = 200  # characters of a number that a form gives


@dataclass(frozen=True)
class HandOver:
    """What came of handing a notice in: the number that the form gave, or why it could not be done."""

    receipt: str = ""
    failed: str = ""


async def stop(database: Database, case_id: UUID, wanted: Collection[UUID], why: str, by: Account) -> list[UUID]:
    """These approved notices, or all of the case, are not to be sent any more. Raises `Problem` 404, 409, 422.

    What is on its way already cannot be called back: then the answer that it was sent stands."""
    why = words(why, "why")
    async with _held(database, case_id) as (tx, held):
        unsent = [row for row in held.known() if row.unsent]
        stopped = [row for row in unsent if not wanted or row.notice_id in wanted]
        if not stopped or (wanted and len(stopped) != len(set(wanted))):
            raise Problem(409, "not-stoppable", field="notices")
        return await stop_held(tx, held, stopped, why, by.pseudonym)


async def stop_held(tx: Transaction, held: Held, unsent: Sequence[CaseNotice], why: str, actor: str) -> list[UUID]:
    """These, of a case that is held."""
    now = tx.clock.now()
    for row in unsent:
        row.stopped_at, row.stopped_by = now, actor
    ids = [row.notice_id for row in unsent]
    await settle(tx, held, actor, Step(Action.STOPPED, {"notices": [str(one) for one in ids], "why": why}))
    event = NoticesStopped(case_id=held.case.case_id, notices=tuple(ids), why=why, by=actor, stopped_at=now)
    tx.publish(event, id=identity("stopped", *sorted(map(str, ids))))
    return ids


async def hand_over(database: Database, case_id: UUID, notice_id: UUID, done: HandOver, by: Account) -> None:
    """Say once what came of it. Raises `Problem` 404, 409, 422."""
    receipt, failed = check_hand_over(done)
    async with _held(database, case_id) as (tx, held):
        row = held.notices.get(notice_id)
        if row is None:
            raise Problem(404, "no-notice")
        if row.state is not NoticeState.HANDING or row.handed_at:
            raise Problem(409, "not-handing", field="notice_id")
        row.handed_at, row.handed_by = tx.clock.now(), by.pseudonym
        row.handed_receipt, row.handed_failed = receipt or None, failed or None
        details = {"notice": str(notice_id), "receipt": receipt, "error": failed}
        await settle(tx, held, by.pseudonym, Step(Action.HANDED_OVER, details))
        event = HandedOver(
            case_id=case_id,
            notice_id=notice_id,
            receipt=receipt,
            failed=failed,
            by=by.pseudonym,
            handed_at=row.handed_at,
        )
        tx.publish(event, id=identity("handed-over", notice_id))


def check_hand_over(done: HandOver) -> tuple[str, str]:
    """Receipt and failure, of which one is there."""
    if not done.receipt.strip() and not done.failed.strip():
        raise Problem(422, "no-receipt", field="receipt")
    if done.receipt.strip() and done.failed.strip():
        raise Problem(422, "receipt-and-failure", field="failed")
    if len(done.receipt) > MAX_RECEIPT:
        raise Problem(422, "too-long", field="receipt", most=MAX_RECEIPT)
    return done.receipt.strip(), words(done.failed, "failed") if done.failed.strip() else ""


async def attend(database: Database, case_id: UUID, keys: Collection[str], note: str, by: Account) -> None:
    """Somebody has seen to these alarms (`alarms.Raised.key`). What is raised anew, or another one, stays open.

    Raises `Problem` 404, 409 when there is no such alarm any more, 422."""
    note = words(note, "note")
    async with _held(database, case_id) as (tx, held):
        present = {one.key: one for one in raised(held)}
        seen = [one for key, one in present.items() if key in keys]
        if not seen:
            raise Problem(409, "no-alarm", field="alarms")
        before = [key for key in held.case.attended or () if key in present and key not in keys]
        held.case.attended = [*before, *(one.key for one in seen)]
        details = {"alarms": sorted({one.alarm.value for one in seen}), "note": note}
        await settle(tx, held, by.pseudonym, Step(Action.ATTENDED, details))


def words(text: str, field: str) -> str:
    """Raises `Problem` 422 for none, or too many."""
    if not text.strip():
        raise Problem(422, "no-words", field=field)
    if len(text) > MAX_WORDS:
        raise Problem(422, "too-long", field=field, most=MAX_WORDS)
    return text.strip()


@asynccontextmanager
async def _held(database: Database, case_id: UUID) -> AsyncIterator[tuple[Transaction, Held]]:
    async with database.transaction() as tx:
        held = await known(tx, case_id)
        if held is None:
            raise Problem(404, "no-case")
        yield tx, held
