"""Trainings: one process at a time, each told in the table `trainings`, its model entered in the registry."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, mapped_column

from services.classifier.learning.examples import ExampleRow, labelled
from services.classifier.learning.heads import Head, HeadUnusable
from services.classifier.learning.registry import LOCK, TEXT, Made, Status, holding, register, weights_of
from services.classifier.learning.retraining import Retrained, retrain
from services.classifier.learning.sampling import Slot
from services.classifier.learning.taught import Labelled
from services.classifier.store import Base
from shared.database import Database, Transaction
from shared.guarded import Guarded, GuardKilled, GuardRaised

log = structlog.get_logger(__name__)

Moment = sa.DateTime(timezone=True)
TRAINING_S = 1200.0  # 100,000 verdicts take about a minute; then something is wrong
TRAINING_BYTES = 6 * 1024**3  # 100,000 verdicts in memory, as rows and as columns
LEASE = timedelta(seconds=TRAINING_S + 60)  # a process that dies while it trains is waited for so long

Train = Callable[[str, str, bytes, list[Labelled]], Awaitable[Retrained]]


class TrainingRow(Base):
    """`through`: the moment of the last verdict that it knew; None again when it was interrupted. `version`: of the
    model that it made, if it made one."""

    __tablename__ = "trainings"

    number: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    name: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(Moment)
    lease_until: Mapped[datetime] = mapped_column(Moment)
    through: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    started_by: Mapped[str]
    verdicts: Mapped[int]
    version: Mapped[int | None] = mapped_column(sa.BigInteger)
    outcome: Mapped[str | None]


@dataclass(frozen=True)
class Outcome:
    """`version`: of the model, None when none was made. `passed`: the gate let it into the shadow."""

    version: int | None
    passed: bool
    reason: str


def guarded_trainer() -> Guarded[[str, str, bytes, list[Labelled]], Retrained]:
    """Training in a child process: detection goes on meanwhile. A resource."""
    return Guarded(retrain, workers=1, seconds=TRAINING_S, memory_bytes=TRAINING_BYTES, threads=True)


async def is_due(tx: Transaction, after: int, *, scripted: bool) -> bool:
    """Whether `after` verdicts came that no training knows, and nothing is on trial: what is being tried is to be tried
    to the end."""
    if not after or await holding(tx, Status.SHADOW) or await holding(tx, Status.CANARY):
        return False
    ended_or_going_on = TrainingRow.finished_at.is_not(None) | (TrainingRow.lease_until > tx.clock.now())
    through = await tx.scalar(
        sa.select(sa.func.max(TrainingRow.through)).where(TrainingRow.name == TEXT, ended_or_going_on)
    )
    new = sa.select(sa.func.count()).select_from(ExampleRow).where(ExampleRow.label.is_not(None))
    if through:
        new = new.where(ExampleRow.decided_at > through)
    if not scripted:
        new = new.where(ExampleRow.scripted.is_(False))
    return (await tx.scalar(new) or 0) >= after


async def train(database: Database, directory: Path, run: Train, *, scripted: bool, by: str) -> Outcome | None:
    """One training, from the verdicts in the table to a model in the registry. None when another process is at it."""
    async with database.transaction() as tx:
        row = await _begun(tx, by)
        if row is None:
            return None
        rows = await labelled(tx, scripted=scripted)
        champion = await holding(tx, Status.CHAMPION)
        weights = await weights_of(tx, champion.version) if champion else None
        row.verdicts, row.through = len(rows), rows[-1].decided_at if rows else None
    if champion is None or weights is None:
        return await _failed(database, row.number, "there is no champion to compare with: start the classifier once")
    try:
        installed = Head.of_directory(directory).digest
    except HeadUnusable as unusable:
        return await _failed(database, row.number, str(unusable))
    if installed != champion.base:
        return await _failed(
            database, row.number, f"{directory} is not the installed model that the champion was made from"
        )
    taught = list(map(verdict_of, rows))
    log.info("training begins", number=row.number, verdicts=len(taught), champion=champion.version)
    try:
        made = await run(str(directory), json.dumps(champion.config), weights, taught)
    except asyncio.CancelledError:
        await _failed(database, row.number, "interrupted: the service stops", through=None)
        raise
    except (GuardRaised, GuardKilled) as failure:
        return await _failed(database, row.number, str(failure))
    return await _entered(database, row.number, champion.base, made, by)


def verdict_of(row: ExampleRow) -> Labelled:
    return Labelled(
        row.features,
        bool(row.label),
        row.language or "",
        row.category,
        row.reviewer or "",
        by_chance=row.sampled == Slot.RANDOM,
    )


async def _begun(tx: Transaction, by: str) -> TrainingRow | None:
    """The row of a new training, unless one is going on."""
    await tx.execute(LOCK)
    now = tx.clock.now()
    going_on = sa.select(sa.func.count()).where(
        TrainingRow.name == TEXT, TrainingRow.finished_at.is_(None), TrainingRow.lease_until > now
    )
    if await tx.scalar(going_on):
        return None
    row = TrainingRow(name=TEXT, started_at=now, lease_until=now + LEASE, started_by=by, verdicts=0)
    tx.add(row)
    await tx.flush()
    return row


async def _entered(database: Database, number: int, base: str, made: Retrained, by: str) -> Outcome:
    model = Made(json.loads(made.config), made.weights, made.figures, made.card, base)
    async with database.transaction() as tx:
        status = Status.SHADOW if made.passed else Status.REFUSED
        entered = await register(tx, model, status, by, made.reason)
        await _finish(tx, number, f"{status}: {made.reason}", version=entered.version)
    log.info("training ended", number=number, version=entered.version, passed=made.passed, reason=made.reason)
    return Outcome(entered.version, made.passed, made.reason)


async def _failed(database: Database, number: int, reason: str, **more: object) -> Outcome:
    async with database.transaction() as tx:
        await _finish(tx, number, f"failed: {reason}", **more)
    log.error("training failed", number=number, reason=reason)
    return Outcome(None, False, reason)


async def _finish(tx: Transaction, number: int, outcome: str, **more: object) -> None:
    await tx.execute(
        sa.update(TrainingRow)
        .where(TrainingRow.number == number)
        .values(finished_at=tx.clock.now(), outcome=outcome, **more)
    )
