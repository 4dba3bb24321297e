"""Answers to requests that may come twice."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import isolate

revision = "0041"
down_revision = "0040"

SCHEMA = "gateway"
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("login", sa.Text, sa.ForeignKey(f"{SCHEMA}.accounts.login", ondelete="CASCADE"), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("about", sa.Uuid, index=True),
        sa.Column("began_at", Moment, nullable=False, index=True),
        sa.Column("status", sa.Integer),
        sa.Column("headers", JSONB),
        sa.Column("body", sa.LargeBinary),
        schema=SCHEMA,
    )
    isolate("kept_answers", "login")


def downgrade() -> None:
    op.drop_table("kept_answers", schema=SCHEMA)
