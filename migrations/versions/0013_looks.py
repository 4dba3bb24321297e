"""A removal check looks twice before it says gone: what the first look saw is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("checks", sa.Column("looks", sa.JSON, nullable=False, server_default="[]"), schema="crawler")
    op.create_index("checks_case", "checks", ["case_id", "number"], schema="crawler")


def downgrade() -> None:
    op.drop_index("checks_case", "checks", schema="crawler")
    op.drop_column("checks", "looks", schema="crawler")
