"""A schema and a role a service, each with its inbox and outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import SERVICES, create_role, create_schema, role

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    for service in SERVICES:
        create_role(service)
        create_schema(service)
        create_outbox(service)
        create_inbox(service)


def create_outbox(service: str) -> None:
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("event_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("headers", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        schema=service,
    )
    op.create_index(
        "outbox_waiting", "outbox", ["position"], schema=service, postgresql_where=sa.text("published_at IS NULL")
    )


def create_inbox(service: str) -> None:
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        schema=service,
    )


def downgrade() -> None:
    """The roles stay: they belong to the server, and another database may use them."""
    for service in SERVICES:
        op.execute(f"DROP SCHEMA {service} CASCADE")
        op.execute(f"DROP OWNED BY {role(service)}")
