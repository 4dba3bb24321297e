"""The registry of models: weights, figures and card of each version, what part it plays, and who changed it when.

A version is shadow, then canary, then champion; `refused` by the gate, or `retired`. Of a kind one is champion at any
time, and one on trial (shadow or canary). The log of promotions is append-only, by the database's own rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column

from services.classifier.store import Base
from shared.database import Transaction
from shared.events import ModelPromoted
from shared.failures import Rejected
from shared.identity import identity

Moment = sa.DateTime(timezone=True)
TEXT = "text"  # the kind of model that verdicts teach
WEIGHTS_KEPT = 10  # retired versions that can be rolled back to, a megabyte each; of older ones figures and card stay
LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('classifier.models', 0))")


class Status(StrEnum):
    REFUSED = "refused"
    SHADOW = "shadow"
    CANARY = "canary"
    CHAMPION = "champion"
    RETIRED = "retired"


ON_TRIAL = (Status.SHADOW, Status.CANARY)
NEXT = {Status.SHADOW: Status.CANARY, Status.CANARY: Status.CHAMPION}


class ModelRow(Base):
    """`base`: digest of the shipped model that it was fitted from, or its own. `weights`: safetensors; None when it can
    no longer be loaded. `since`: when it came to its status."""

    __tablename__ = "models"

    version: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    name: Mapped[str]
    status: Mapped[str]
    since: Mapped[datetime] = mapped_column(Moment)
    weights: Mapped[bytes | None] = deferred(mapped_column(sa.LargeBinary))
    config: Mapped[dict[str, Any]] = mapped_column(JSONB)
    metrics: Mapped[dict[str, float]] = mapped_column(JSONB)
    card: Mapped[str]
    base: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(Moment)
    made_by: Mapped[str]


class PromotionRow(Base):
    __tablename__ = "promotions"

    position: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    name: Mapped[str]
    version: Mapped[int] = mapped_column(sa.BigInteger)
    before: Mapped[str | None]
    status: Mapped[str]
    by: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True)
class Made:
    """A model that was trained or came with the installation."""

    config: dict[str, Any]
    weights: bytes
    metrics: dict[str, float]
    card: str
    base: str


async def register(tx: Transaction, made: Made, status: Status, by: str, reason: str, name: str = TEXT) -> ModelRow:
    """A new version with this status. Whoever judged or was on trial in its place is retired."""
    await tx.execute(LOCK)
    replaced = await _make_room(tx, status, by, name)
    now = tx.clock.now()
    row = ModelRow(
        name=name, status=status, since=now, config=made.config, metrics=made.metrics, card=made.card, base=made.base,
        weights=None if status is Status.REFUSED else made.weights, made_at=now, made_by=by,
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    _say(tx, row, None, replaced, by, reason)
    await _drop_old_weights(tx, name)
    return row


async def move(tx: Transaction, row: ModelRow, status: Status, by: str, reason: str) -> None:
    """Give a version another part; every classifier hears of it. Whoever had that part is retired."""
    await tx.execute(LOCK)
    replaced = await _make_room(tx, status, by, row.name, but=row.version)
    before, row.status, row.since = row.status, status, tx.clock.now()
    await tx.flush()
    _say(tx, row, before, replaced, by, reason)


async def roll_back(tx: Transaction, by: str, reason: str, name: str = TEXT) -> tuple[ModelRow, ModelRow]:
    """The champion is retired, and the one before it judges again: (now, before). Who is on trial was compared with the
    champion that goes, and goes with it. Raises `Rejected` when there is nothing to go back to."""
    await tx.execute(LOCK)
    champion = await holding(tx, Status.CHAMPION, name)
    if champion is None:
        raise Rejected(f"there is no champion among the {name} models: the classifier has not been started yet")
    former = await _former(tx, champion)
    if former is None:
        raise Rejected(f"version {champion.version} is the first that ever judged: there is none to go back to")
    for row in [await holding(tx, status, name) for status in ON_TRIAL]:
        if row:
            await move(tx, row, Status.RETIRED, by, f"champion {champion.version} was rolled back")
    await move(tx, former, Status.CHAMPION, by, reason)
    return former, champion


async def promote(tx: Transaction, version: int, to: Status | None, by: str, reason: str, name: str = TEXT) -> ModelRow:
    """A person's promotion: to the next step, or at once to the one that is named. Raises `Rejected`."""
    await tx.execute(LOCK)
    row = await tx.get(ModelRow, version)
    if row is None or row.name != name:
        raise Rejected(f"there is no {name} model {version}")
    status = to or NEXT.get(Status(row.status))
    if row.status == Status.REFUSED:
        raise Rejected(f"version {version} was refused by the gate, and its weights were not kept")
    if status is None:
        raise Rejected(f"version {version} is {row.status}: name the part that it shall have")
    if status == row.status:
        raise Rejected(f"version {version} is {row.status} already")
    if row.status == Status.CHAMPION:
        raise Rejected(f"version {version} is the champion: `rollback` takes it back, or promote another")
    if await weights_of(tx, version) is None:
        raise Rejected(f"the weights of version {version} are not kept any more")
    champion = await holding(tx, Status.CHAMPION, name)
    if champion and champion.base != row.base:
        raise Rejected(f"version {version} was made from another installed model than judges now")
    await move(tx, row, status, by, reason)
    return row


async def holding(tx: Transaction, status: Status, name: str = TEXT) -> ModelRow | None:
    return await tx.scalar(sa.select(ModelRow).where(ModelRow.name == name, ModelRow.status == status))


async def weights_of(tx: Transaction, version: int) -> bytes | None:
    return await tx.scalar(sa.select(ModelRow.weights).where(ModelRow.version == version))


async def versions(tx: Transaction, name: str = TEXT) -> Sequence[ModelRow]:
    """The newest first."""
    return await tx.scalars(sa.select(ModelRow).where(ModelRow.name == name).order_by(ModelRow.version.desc()))


async def log_of(tx: Transaction, name: str = TEXT, version: int | None = None) -> Sequence[PromotionRow]:
    """Every change, the oldest first."""
    chosen = sa.select(PromotionRow).where(PromotionRow.name == name)
    if version is not None:
        chosen = chosen.where(PromotionRow.version == version)
    return await tx.scalars(chosen.order_by(PromotionRow.position))


async def _make_room(tx: Transaction, status: Status, by: str, name: str, but: int | None = None) -> int | None:
    """Whoever has the part that `status` is one of is retired; its version."""
    parts = ON_TRIAL if status in ON_TRIAL else (status,) if status is Status.CHAMPION else ()
    for row in [await holding(tx, part, name) for part in parts]:
        if row and row.version != but:
            await move(tx, row, Status.RETIRED, by, "another version takes its place")
            return row.version
    return None


async def _former(tx: Transaction, champion: ModelRow) -> ModelRow | None:
    """Whoever judged when this one became champion for the first time, and can still be loaded. (Not who was champion
    last: rolled back twice, that would be the one that was rolled back first.)"""
    first = (
        sa.select(sa.func.min(PromotionRow.position))
        .where(PromotionRow.version == champion.version, PromotionRow.status == Status.CHAMPION)
        .scalar_subquery()
    )
    return await tx.scalar(
        sa.select(ModelRow)
        .join(PromotionRow, PromotionRow.version == ModelRow.version)
        .where(ModelRow.name == champion.name, ModelRow.base == champion.base, ModelRow.weights.is_not(None))
        .where(PromotionRow.status == Status.CHAMPION, PromotionRow.position < first)
        .order_by(PromotionRow.position.desc())
        .limit(1)
    )


def _say(tx: Transaction, row: ModelRow, before: str | None, replaced: int | None, by: str, reason: str) -> None:
    now = tx.clock.now()
    tx.add(
        PromotionRow(name=row.name, version=row.version, before=before, status=row.status, by=by, reason=reason, at=now)
    )
    event = ModelPromoted(
        name=row.name, version=row.version, status=row.status, replaced=replaced, reason=reason, by=by, promoted_at=now
    )
    tx.publish(event, id=identity("model.promoted", row.name, row.version, row.status, now.isoformat()))


async def _drop_old_weights(tx: Transaction, name: str) -> None:
    kept = (
        sa.select(ModelRow.version)
        .where(ModelRow.name == name, ModelRow.status == Status.RETIRED)
        .order_by(ModelRow.since.desc())
        .limit(WEIGHTS_KEPT)
    )
    await tx.execute(
        sa.update(ModelRow)
        .where(ModelRow.name == name, ModelRow.status == Status.RETIRED, ModelRow.version.not_in(kept))
        .values(weights=None)
    )
