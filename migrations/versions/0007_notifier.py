"""Tables of the notifier."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    create_deliveries()
    create_watches()


def create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("notice_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("recipient", JSONB, nullable=False),
        sa.Column("recipient_email", sa.Text, nullable=False),
        sa.Column("occasion", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False, unique=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True)),
        sa.Column("leased_by", sa.Text),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("receipt", sa.Text),
        sa.UniqueConstraint("case_id", "recipient_email", "occasion", name="one_notice_a_recipient_and_occasion"),
        sa.CheckConstraint("state IN ('waiting', 'sending', 'sent', 'bounced')", name="known_state"),
        schema="notifier",
    )
    op.create_index(
        "deliveries_due",
        "deliveries",
        ["next_attempt_at"],
        schema="notifier",
        postgresql_where=sa.text("state IN ('waiting', 'sending')"),
    )
    op.create_index("deliveries_of_recipient", "deliveries", ["recipient_email", "last_attempt_at"], schema="notifier")


def create_watches() -> None:
    op.create_table(
        "watches",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("finding", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("notices_sent", sa.Integer, nullable=False),
        sa.Column("checks_done", sa.Integer, nullable=False),
        sa.Column("gone_in_a_row", sa.Integer, nullable=False),
        sa.Column("first_gone_at", sa.DateTime(timezone=True)),
        sa.Column("awaited", sa.Integer, nullable=False),
        sa.CheckConstraint("state IN ('approved', 'watching', 'removed')", name="known_state"),
        schema="notifier",
    )


def downgrade() -> None:
    op.drop_table("watches", schema="notifier")
    op.drop_table("deliveries", schema="notifier")
