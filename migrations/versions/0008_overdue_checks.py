"""When the check that a watch awaits is due: what is not answered long after that is asked for again."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("watches", sa.Column("awaited_at", sa.DateTime(timezone=True)), schema="notifier")
    op.execute("UPDATE notifier.watches SET awaited_at = now() WHERE state = 'watching'")
    op.create_index(
        "watches_awaited", "watches", ["awaited_at"], schema="notifier", postgresql_where=sa.text("state = 'watching'")
    )


def downgrade() -> None:
    op.drop_index("watches_awaited", "watches", schema="notifier")
    op.drop_column("watches", "awaited_at", schema="notifier")
