"""Answers that are kept for a day, so that whoever did not hear one asks again and gets the same.

A row is made before the request is carried out, in a transaction of its own, and says until it is answered that the
request is in flight. Dies the process in between, the row lapses and the next one with the key is carried out: what it
did before, if it did, is then found by the operation itself (a case is decided once, an order has its id).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.problems import Problem
from services.gateway.store import Base
from shared.database import Transaction
from shared.handling import Context
from shared.regularly import regularly

KEPT = timedelta(days=1)  # who repeats a request does so within minutes; over night somebody may look first
IN_FLIGHT = timedelta(seconds=60)  # twice what the database lets a statement take: who is not done then has died
LOOK_S = 600.0  # seconds: how much longer than a day an answer may lie there
SOON_S = 2  # most requests are done by then


class KeptAnswer(Base):
    """`key`, `request`: digests. `about`: the case. `status` is empty while in flight, `body` where the answer held a
    secret or was too large to be kept."""

    __tablename__ = "kept_answers"

    login: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[str]
    about: Mapped[UUID | None]
    began_at: Mapped[datetime]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None]


@dataclass(frozen=True)
class Asked:
    """Who asks, with which key, for what (digests)."""

    login: str
    key: str
    request: str


@dataclass(frozen=True)
class Begun:
    """It is to be carried out now; `at` tells this attempt from one that takes over after it lapsed."""

    asked: Asked
    at: datetime


async def begin(tx: Transaction, asked: Asked) -> Begun | KeptAnswer:
    """Raises `Problem` 422 when the key was for another request, 409 while the first is in flight, or where its answer
    was not kept."""
    now = tx.clock.now()
    fresh = {"login": asked.login, "key": asked.key, "request": asked.request, "began_at": now}
    made = await tx.execute(insert(KeptAnswer).values(fresh).on_conflict_do_nothing().returning(KeptAnswer.key))
    if made.first() is not None:
        return Begun(asked, now)
    row = await tx.get(KeptAnswer, (asked.login, asked.key), lock=True)
    if row is None:  # it was given back while we waited for it
        raise Problem(409, "in-flight", field="Idempotency-Key", retry_after=SOON_S)
    if row.began_at < now - KEPT:
        return _anew(row, asked, now)
    if row.request != asked.request:
        raise Problem(422, "key-reused", field="Idempotency-Key")
    if row.status is None:
        if now < row.began_at + IN_FLIGHT:
            raise Problem(409, "in-flight", field="Idempotency-Key", retry_after=SOON_S)
        return _anew(row, asked, now)
    if row.body is None:
        raise Problem(409, "answered-once", field="Idempotency-Key")
    return row


def _anew(row: KeptAnswer, asked: Asked, now: datetime) -> Begun:
    row.request, row.began_at = asked.request, now
    row.about = row.status = row.headers = row.body = None
    return Begun(asked, now)


async def forget_in_time(context: Context) -> None:
    """By the clock, and of every agency: whose programs have stopped asking leave nothing of their cases behind."""
    await regularly(context, LOOK_S, forget_old)


async def forget_old(tx: Transaction) -> None:
    await tx.execute(sa.delete(KeptAnswer).where(KeptAnswer.began_at < tx.clock.now() - KEPT))


def _mine(begun: Begun) -> sa.ColumnElement[bool]:
    asked = begun.asked
    return sa.and_(KeptAnswer.login == asked.login, KeptAnswer.key == asked.key, KeptAnswer.began_at == begun.at)


async def keep(
    tx: Transaction, begun: Begun, about: UUID | None, status: int, headers: dict[str, str], body: bytes | None
) -> None:
    told = {"about": about, "status": status, "headers": headers, "body": body}
    await tx.execute(sa.update(KeptAnswer).where(_mine(begun)).values(told))


async def give_back(tx: Transaction, begun: Begun) -> None:
    """Nothing was done: the key is free again."""
    await tx.execute(sa.delete(KeptAnswer).where(_mine(begun)))


async def forget_case(tx: Transaction, case_id: UUID) -> None:
    """Answers hold what a case held."""
    await tx.execute(sa.delete(KeptAnswer).where(KeptAnswer.about == case_id))
