"""Public events as they were published, kept for agencies without Kafka."""

import sqlalchemy as sa
from alembic import op

from migrations.services import role

revision = "0044"
down_revision = "0043"

SCHEMA = "gateway"
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "public_events",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("event_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("time", Moment, nullable=False),
        sa.Column("dataschema", sa.Text, nullable=False),
        sa.Column("traceparent", sa.Text, nullable=False),
        sa.Column("tracestate", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("taken_at", Moment, nullable=False, index=True),
        schema=SCHEMA,
    )
    op.create_index("public_events_of_type", "public_events", ["type", "position"], schema=SCHEMA)
    op.create_table(
        "public_events_ends",
        sa.Column("one", sa.Boolean, sa.CheckConstraint("one"), primary_key=True),
        sa.Column("newest", sa.BigInteger, nullable=False),
        sa.Column("forgotten", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )
    op.execute(f"INSERT INTO {SCHEMA}.public_events_ends VALUES (true, 0, 0)")
    op.execute(f"REVOKE UPDATE ON {SCHEMA}.public_events FROM {role(SCHEMA)}")
    op.execute(f"REVOKE INSERT, DELETE ON {SCHEMA}.public_events_ends FROM {role(SCHEMA)}")


def downgrade() -> None:
    op.drop_table("public_events_ends", schema=SCHEMA)
    op.drop_table("public_events", schema=SCHEMA)
