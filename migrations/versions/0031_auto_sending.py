"""Policies that approve in an official's place, what they decided, and the switch that stops them all."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0031"
down_revision = "0030"

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "autosend_policies",
        sa.Column("policy_id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("banks", ARRAY(sa.Text), nullable=False),
        sa.Column("recipients", ARRAY(sa.Text), nullable=False),
        sa.Column("daily_cap", sa.Integer, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("proposed_at", Moment, nullable=False),
        sa.Column("approved_by", sa.Text),
        sa.Column("approved_at", Moment),
        sa.Column("ended_by", sa.Text),
        sa.Column("ended_at", Moment),
        sa.CheckConstraint("approved_by IS DISTINCT FROM proposed_by", name="four_eyes"),
        sa.CheckConstraint("daily_cap > 0", name="some_cap"),
        schema="gateway",
    )
    op.create_table(
        "autosend_uses",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("policy_id", sa.Uuid, nullable=False),
        sa.Column("used_at", Moment, nullable=False),
        sa.Column("match", JSONB, nullable=False),
        schema="gateway",
    )
    op.create_index("autosend_uses_of_policy", "autosend_uses", ["policy_id", "used_at"], schema="gateway")
    op.create_table(
        "autosend_switch",
        sa.Column("one", sa.Boolean, primary_key=True),
        sa.Column("off", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.CheckConstraint("one", name="only_one"),
        schema="gateway",
    )


def downgrade() -> None:
    for table in ("autosend_switch", "autosend_uses", "autosend_policies"):
        op.drop_table(table, schema="gateway")
