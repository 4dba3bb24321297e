"""What is known of conversations, for whoever lists them."""

from typing import Any

import sqlalchemy as sa

from services.classifier.conversations.store import AlertRow, ConversationRow, RefusedRow
from shared.database import Transaction
from shared.identity import identity


async def highest(tx: Transaction, limit: int) -> list[dict[str, Any]]:
    """The conversations of highest risk."""
    alerts = sa.select(sa.func.count()).where(AlertRow.conversation_id == ConversationRow.conversation_id)
    query = sa.select(
        ConversationRow.name.label("conversation"),
        ConversationRow.host,
        ConversationRow.lawful_basis.label("basis"),
        ConversationRow.turns_read.label("turns"),
        ConversationRow.risk,
        ConversationRow.watched,
        ConversationRow.stage,
        alerts.scalar_subquery().label("alerts"),
        ConversationRow.last_cue_at,
    )
    found = await tx.execute(query.order_by(ConversationRow.risk.desc(), ConversationRow.name).limit(limit))
    return [dict(row) for row in found.mappings()]


async def refusals(tx: Transaction) -> list[dict[str, Any]]:
    """By basis, how much was told that may not be read."""
    query = sa.select(
        RefusedRow.lawful_basis,
        sa.func.sum(RefusedRow.events).label("events"),
        sa.func.sum(RefusedRow.turns).label("turns"),
    )
    found = await tx.execute(query.group_by(RefusedRow.lawful_basis).order_by(RefusedRow.lawful_basis))
    return [dict(row) for row in found.mappings()]


async def whole(tx: Transaction, name: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """A conversation and its alerts; None when there is no such one."""
    key = identity("conversation", name)
    row = await tx.get(ConversationRow, key)
    alerts = await tx.scalars(sa.select(AlertRow).where(AlertRow.conversation_id == key).order_by(AlertRow.raised_at))
    return _columns(row) if row else None, [_columns(alert) for alert in alerts]


def _columns(row: ConversationRow | AlertRow) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}
