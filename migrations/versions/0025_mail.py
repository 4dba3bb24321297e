"""Budgets of recipients: the mails that each got, and which notices go out in which mail."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

SCHEMA = "notifier"
Moment = sa.DateTime(timezone=True)
# The registered domain of rows of before is not known here; their host name is near enough for what is still waiting.
FORMER = """
    UPDATE notifier.deliveries SET domain = lower(split_part(address, '@', 2)),
        carrier_id = CASE WHEN attempt > 0 THEN message_id END
    WHERE channel = 'mail'
"""


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("domain", sa.Text, nullable=False, server_default=""), schema=SCHEMA)
    op.add_column("deliveries", sa.Column("urgent", sa.Boolean, nullable=False, server_default="false"), schema=SCHEMA)
    op.add_column("deliveries", sa.Column("carrier_id", sa.Text), schema=SCHEMA)
    op.execute(FORMER)
    op.create_index("deliveries_of_carrier", "deliveries", ["carrier_id"], schema=SCHEMA)
    op.create_table(
        "mailings",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("carrier_id", sa.Text, primary_key=True),
        sa.Column("at", Moment, primary_key=True),
        schema=SCHEMA,
    )
    op.create_index("mailings_of_name", "mailings", ["name", "at"], schema=SCHEMA)
    op.create_index("mailings_of_carrier", "mailings", ["carrier_id", "at"], schema=SCHEMA)
    op.create_index("mailings_at", "mailings", ["at"], schema=SCHEMA)
    op.create_table(
        "closed_recipients",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("until", Moment, nullable=False),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table("closed_recipients", schema=SCHEMA)
    op.drop_table("mailings", schema=SCHEMA)
    op.drop_index("deliveries_of_carrier", "deliveries", schema=SCHEMA)
    for name in ("carrier_id", "urgent", "domain"):
        op.drop_column("deliveries", name, schema=SCHEMA)
