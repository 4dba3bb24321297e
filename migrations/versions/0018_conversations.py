"""Conversations that are watched, without their words."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"

SCHEMA = "classifier"
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("conversation_id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("lawful_basis", sa.Text, nullable=False),
        sa.Column("proof", sa.Text, nullable=False),
        sa.Column("begun_at", Moment, nullable=False),
        sa.Column("observed_at", Moment, nullable=False),
        sa.Column("last_cue_at", Moment),
        sa.Column("turns_read", sa.BigInteger, nullable=False),
        sa.Column("risk", sa.Float, nullable=False),
        sa.Column("stage", sa.Text),
        sa.Column("watched", sa.Boolean, nullable=False),
        sa.Column("shares", JSONB, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("conversations_observed", "conversations", ["observed_at"], schema=SCHEMA)
    op.create_table(
        "conversation_turns",
        _conversation(primary_key=True),
        sa.Column("turn", sa.Uuid, primary_key=True),
        sa.Column("turn_id", sa.Text),
        sa.Column("speaker", sa.Text),
        sa.Column("said_at", Moment, nullable=False),
        sa.Column("place", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("stages", sa.LargeBinary),
        sa.CheckConstraint("(stages IS NULL) = (turn_id IS NULL)", name="conversation_turns_cue"),
        schema=SCHEMA,
    )
    op.create_index("conversation_turns_of", "conversation_turns", ["conversation_id", "said_at"], schema=SCHEMA)
    op.create_index("conversation_turns_said", "conversation_turns", ["said_at"], schema=SCHEMA)
    op.create_table(
        "conversation_alerts",
        sa.Column("alert_id", sa.Uuid, primary_key=True),
        _conversation(),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("risk", sa.Float, nullable=False),
        sa.Column("lawful_basis", sa.Text, nullable=False),
        sa.Column("proof", sa.Text, nullable=False),
        sa.Column("turns", JSONB, nullable=False),
        sa.Column("turns_read", sa.BigInteger, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("raised_at", Moment, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("conversation_alerts_of", "conversation_alerts", ["conversation_id"], schema=SCHEMA)
    op.create_table(
        "conversations_refused",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("lawful_basis", sa.Text, primary_key=True),
        sa.Column("events", sa.BigInteger, nullable=False),
        sa.Column("turns", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )


def _conversation(primary_key: bool = False) -> sa.Column[object]:
    owner = sa.ForeignKey(f"{SCHEMA}.conversations.conversation_id", ondelete="CASCADE")
    return sa.Column("conversation_id", sa.Uuid, owner, primary_key=primary_key, nullable=False)


def downgrade() -> None:
    for table in ("conversations_refused", "conversation_alerts", "conversation_turns", "conversations"):
        op.drop_table(table, schema=SCHEMA)
