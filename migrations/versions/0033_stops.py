"""Notices that officials stopped, also before their approval was heard of; clocks are counted without every ladder."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"

SCHEMA = "notifier"


def upgrade() -> None:
    op.create_table(
        "stops",
        sa.Column("notice_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    some = sa.text("running > 0 OR expired > 0")
    op.create_index("ladders_clocks", "ladders", ["running", "expired"], schema=SCHEMA, postgresql_where=some)


def downgrade() -> None:
    op.drop_index("ladders_clocks", "ladders", schema=SCHEMA)
    op.drop_table("stops", schema=SCHEMA)
