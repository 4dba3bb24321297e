"""Reports that went to APIs: asked before the first byte leaves, so that a lost answer is known to be one."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

SCHEMA = "notifier"
Moment = sa.DateTime(timezone=True)
STATES = "'asking', 'again', 'unknown', 'accepted', 'refused', 'lost'"


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("notice_id", sa.Uuid, primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("connector", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("last_at", Moment, nullable=False),
        sa.Column("rest_until", Moment),
        sa.Column("accepted_at", Moment),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("meaning", sa.Text, nullable=False),
        sa.Column("next_poll_at", Moment),
        sa.Column("polls_failed", sa.Integer, nullable=False),
        sa.CheckConstraint(f"state IN ({STATES})", name="reports_state"),
        schema=SCHEMA,
    )
    op.create_index("reports_connector", "reports", ["connector", "last_at"], schema=SCHEMA)
    untold = sa.text("state = 'accepted' AND NOT told")
    op.create_index("reports_untold", "reports", ["accepted_at"], schema=SCHEMA, postgresql_where=untold)
    polled = sa.text("next_poll_at IS NOT NULL")
    op.create_index("reports_polled", "reports", ["next_poll_at"], schema=SCHEMA, postgresql_where=polled)


def downgrade() -> None:
    op.drop_table("reports", schema=SCHEMA)
