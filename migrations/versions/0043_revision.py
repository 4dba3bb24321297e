"""Each service may see at which revision the database is, and waits for the one that it needs."""

from alembic import op

from migrations.services import role

revision = "0043"
down_revision = "0042"

THEN = ("crawler", "classifier", "evidence", "drafter", "gateway", "notifier")


def upgrade() -> None:
    for service in THEN:
        op.execute(f"GRANT SELECT ON public.alembic_version TO {role(service)}")


def downgrade() -> None:
    for service in THEN:
        op.execute(f"REVOKE SELECT ON public.alembic_version FROM {role(service)}")
