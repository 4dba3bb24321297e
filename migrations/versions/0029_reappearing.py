"""Checks go on after a removal: content that comes back is asked for again, in a round of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

SCHEMA = "notifier"
AWAITED = "awaited_at IS NOT NULL"
# Removed before this change: nobody looked since. They are asked for within the hour, as lost checks are.
WATCH_AGAIN = """
    UPDATE notifier.watches SET removed_at = now(), awaited_at = now() WHERE state = 'removed'
"""


def upgrade() -> None:
    op.create_table(
        "case_rounds",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
        schema=SCHEMA,
    )
    for name, default in (("step", "1"), ("reappeared", "0")):
        op.add_column("watches", sa.Column(name, sa.Integer, nullable=False, server_default=default), schema=SCHEMA)
    for name in ("removed_at", "back_at"):
        op.add_column("watches", sa.Column(name, sa.DateTime(timezone=True)), schema=SCHEMA)
    op.execute("UPDATE notifier.watches SET step = awaited")
    op.execute(WATCH_AGAIN)
    _index(AWAITED)


def downgrade() -> None:
    _index("state = 'watching'")
    for name in ("step", "reappeared", "removed_at", "back_at"):
        op.drop_column("watches", name, schema=SCHEMA)
    op.drop_table("case_rounds", schema=SCHEMA)


def _index(where: str) -> None:
    op.drop_index("watches_awaited", "watches", schema=SCHEMA)
    op.create_index("watches_awaited", "watches", ["awaited_at"], schema=SCHEMA, postgresql_where=sa.text(where))
