"""Where agencies want public events sent to, and how far each is."""

import sqlalchemy as sa
from alembic import op

from migrations.services import isolate

revision = "0045"
down_revision = "0044"

SCHEMA = "gateway"
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_webhooks()
    _create_attempts()


def downgrade() -> None:
    op.drop_table("webhook_attempts", schema=SCHEMA)
    op.drop_table("webhooks", schema=SCHEMA)


def _create_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("webhook_id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("types", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("former", sa.LargeBinary),
        sa.Column("former_until", Moment),
        sa.Column("agreed_at", Moment),
        sa.Column("per_minute", sa.Integer),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("testing", sa.Boolean, nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", Moment),
        sa.Column("delivered_at", Moment),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("lease", sa.Uuid),
        sa.Column("leased_until", Moment),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.CheckConstraint("state IN ('asking', 'active', 'paused', 'ended')", name="webhooks_state"),
        sa.CheckConstraint("state = 'ended' OR sealed IS NOT NULL", name="webhooks_secret"),
        schema=SCHEMA,
    )
    isolate("webhooks", "agency")
    works = sa.text("state IN ('asking', 'active')")
    op.create_index("webhooks_due", "webhooks", ["due_at"], schema=SCHEMA, postgresql_where=works)
    op.create_index("webhooks_of", "webhooks", ["agency", "created_at"], schema=SCHEMA)


def _create_attempts() -> None:
    """The last ones of each, in places that are written anew."""
    op.create_table(
        "webhook_attempts",
        sa.Column(
            "webhook_id",
            sa.Uuid,
            sa.ForeignKey(f"{SCHEMA}.webhooks.webhook_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("event_id", sa.Uuid),
        sa.Column("at", Moment, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("status", sa.Integer),
        schema=SCHEMA,
    )
    isolate("webhook_attempts", "webhook_id")
