"""Tables of the drafter."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("notices", JSONB, nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        schema="drafter",
    )


def downgrade() -> None:
    op.drop_table("drafts", schema="drafter")
