"""The ladder of each case: when to look again, what is planned, which further rounds were asked for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0028"
down_revision = "0027"

SCHEMA = "notifier"
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ladders",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("next_at", Moment),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("plan", JSONB, nullable=False),
        sa.Column("asked", JSONB, nullable=False),
        sa.Column("settled_at", Moment),
        sa.Column("running", sa.Integer, nullable=False),
        sa.Column("expired", sa.Integer, nullable=False),
        schema=SCHEMA,
    )
    due = sa.text("next_at IS NOT NULL")
    op.create_index("ladders_due", "ladders", ["next_at"], schema=SCHEMA, postgresql_where=due)
    op.create_index(
        "deliveries_under_way",
        "deliveries",
        ["state"],
        schema=SCHEMA,
        postgresql_where=sa.text("state IN ('planned', 'waiting', 'sending', 'handing')"),
    )
    # Cases that were approved before there were ladders are looked at once, soon.
    op.execute(
        f"INSERT INTO {SCHEMA}.ladders (case_id, next_at, revision, plan, asked, running, expired) "
        f"SELECT case_id, now(), 0, '[]', '[]', 0, 0 FROM {SCHEMA}.watches"
    )


def downgrade() -> None:
    op.drop_index("deliveries_under_way", "deliveries", schema=SCHEMA)
    op.drop_table("ladders", schema=SCHEMA)
