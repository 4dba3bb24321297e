"""Alerts and submitted hashes at the gateway."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Uuid, primary_key=True),
        sa.Column("conversation", sa.Text, nullable=False),
        sa.Column("alert", JSONB, nullable=False),
        sa.Column("risk", sa.Double, nullable=False),
        sa.Column("raised_at", Moment, nullable=False),
        sa.Column("acknowledged_at", Moment),
        sa.Column("acknowledged_by", sa.Text),
        sa.Column("note", sa.Text),
        schema="gateway",
    )
    op.create_index(
        "alerts_open", "alerts", ["risk"], schema="gateway", postgresql_where=sa.text("acknowledged_at IS NULL")
    )
    op.create_index("alerts_raised", "alerts", ["raised_at"], schema="gateway")
    op.create_table(
        "submissions",
        sa.Column("submission_id", sa.Uuid, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("pictures", sa.Integer, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("submitted_at", Moment, nullable=False),
        schema="gateway",
    )


def downgrade() -> None:
    op.drop_table("submissions", schema="gateway")
    op.drop_table("alerts", schema="gateway")
