"""The conversations' tables: features and accumulators, never a word that was said."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from services.classifier.conversations.course import CueTurn
from services.classifier.conversations.progress import Stages
from services.classifier.store import Base
from shared.database import Transaction

Moment = sa.DateTime(timezone=True)

# Turns of a conversation that are known by name, so that one told again counts once. What is told again after a crash
# is the last that was told; of older ones the next overlap of a source.
QUIET_KEPT = 2_000
CUES_KEPT = 600  # turns with a cue that the risk is computed from: ten times what the longest dialogues need
SLACK = 200  # rows more than that before some are struck out
STEPS = 255  # a stage's weight is kept in a byte
FORGOTTEN_AT_ONCE = 500  # conversations a transaction


class ConversationRow(Base):
    """`risk`, `stage`: after the last turn with a cue, `last_cue_at`. `watched`: the risk reached the model's threshold
    for a look. `shares`: what the readable sum says of it, by input."""

    __tablename__ = "conversations"

    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    host: Mapped[str]
    lawful_basis: Mapped[str]
    proof: Mapped[str]
    begun_at: Mapped[datetime] = mapped_column(Moment)
    observed_at: Mapped[datetime] = mapped_column(Moment)
    last_cue_at: Mapped[datetime | None] = mapped_column(Moment)
    turns_read: Mapped[int]
    risk: Mapped[float]
    stage: Mapped[str | None]
    watched: Mapped[bool]
    shares: Mapped[dict[str, float]] = mapped_column(JSONB)
    model: Mapped[str]


class TurnRow(Base):
    """`turn` follows from the turn's id. The id itself, speaker and `stages` (a byte each) are kept of turns with a cue
    alone. `place`: the order in which turns were told."""

    __tablename__ = "conversation_turns"

    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    turn: Mapped[UUID] = mapped_column(primary_key=True)
    turn_id: Mapped[str | None]
    speaker: Mapped[str | None]
    said_at: Mapped[datetime] = mapped_column(Moment)
    place: Mapped[int] = mapped_column(sa.Identity(always=True))
    stages: Mapped[bytes | None]


class AlertRow(Base):
    """An alert that was raised, as it was told."""

    __tablename__ = "conversation_alerts"

    alert_id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID]
    stage: Mapped[str]
    risk: Mapped[float]
    lawful_basis: Mapped[str]
    proof: Mapped[str]
    turns: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    turns_read: Mapped[int]
    model: Mapped[str]
    raised_at: Mapped[datetime] = mapped_column(Moment)


class RefusedRow(Base):
    """How much was told that may not be read here, by day (UTC). Told again after a crash counts again."""

    __tablename__ = "conversations_refused"

    day: Mapped[date] = mapped_column(primary_key=True)
    lawful_basis: Mapped[str] = mapped_column(primary_key=True)
    events: Mapped[int]
    turns: Mapped[int]


def packed(stages: Stages) -> bytes | None:
    """None for a turn without a cue."""
    return bytes(round(weight * STEPS) for weight in stages) if any(stages) else None


def unpacked(stages: bytes) -> Stages:
    return tuple(step / STEPS for step in stages)


async def count_refused(tx: Transaction, lawful_basis: str, events: int, turns: int) -> None:
    row = {"day": tx.clock.now().date(), "lawful_basis": lawful_basis, "events": events, "turns": turns}
    add = {name: getattr(RefusedRow, name) + row[name] for name in ("events", "turns")}
    await tx.execute(
        insert(RefusedRow).values(row).on_conflict_do_update(index_elements=["day", "lawful_basis"], set_=add)
    )


async def add_turns(tx: Transaction, rows: Sequence[dict[str, Any]]) -> int:
    """How many of them were not known before."""
    statement = insert(TurnRow).values(list(rows)).on_conflict_do_nothing().returning(TurnRow.turn)
    return len((await tx.execute(statement)).all())


async def cue_turns(tx: Transaction, conversation: UUID) -> list[CueTurn]:
    """The last `CUES_KEPT`, in the order in which they were said."""
    last = (
        sa.select(TurnRow)
        .where(TurnRow.conversation_id == conversation, TurnRow.stages.is_not(None))
        .order_by(TurnRow.said_at.desc(), TurnRow.place.desc())
        .limit(CUES_KEPT)
    )
    rows = (await tx.scalars(last))[::-1]
    return [_cue_turn(row) for row in rows]


def _cue_turn(row: TurnRow) -> CueTurn:
    return CueTurn(row.turn_id or "", row.speaker or "", row.said_at.timestamp(), unpacked(row.stages or b""))


async def keep_few(tx: Transaction, conversation: UUID) -> None:
    """Strike out the oldest turns of a long conversation."""
    for cue, most in ((True, CUES_KEPT), (False, QUIET_KEPT)):
        kind = (TurnRow.conversation_id == conversation, TurnRow.stages.is_not(None) == cue)
        last = sa.select(TurnRow.place).where(*kind).order_by(TurnRow.said_at.desc(), TurnRow.place.desc())
        old = last.offset(most)
        if await tx.scalar(last.offset(most + SLACK).limit(1)) is not None:
            await tx.execute(sa.delete(TurnRow).where(*kind, TurnRow.place.in_(old)))


async def forget(tx: Transaction, days: float) -> None:
    """Strike out conversations in which nothing was said for so long, with their turns and alerts; of the others the
    turns that are older."""
    before = tx.clock.now() - timedelta(days=days)
    quiet = sa.select(ConversationRow.conversation_id).where(ConversationRow.observed_at < before)
    await tx.execute(
        sa.delete(ConversationRow).where(ConversationRow.conversation_id.in_(quiet.limit(FORGOTTEN_AT_ONCE)))
    )
    await tx.execute(sa.delete(TurnRow).where(TurnRow.said_at < before))


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
