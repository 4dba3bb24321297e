"""A schema and a role a service, each with its inbox and outbox."""

from alembic import op

from migrations.services import create_service, drop_service

revision = "0001"
down_revision = None

# Those of that day: a later service makes its schema in a migration of its own, or it would be made twice.
FIRST = ("crawler", "classifier", "evidence", "drafter", "gateway", "notifier")


def upgrade() -> None:
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    for service in FIRST:
        create_service(service)


def downgrade() -> None:
    for service in FIRST:
        drop_service(service)
