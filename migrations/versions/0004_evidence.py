"""Tables of the evidence."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("manifest_sha256", sa.Text),
        sa.Column("objects", JSONB, nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True)),
        sa.Column("failed_reason", sa.Text),
        sa.Column("failed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("manifest_sha256 IS NOT NULL OR failed_reason IS NOT NULL", name="sealed_or_failed"),
        schema="evidence",
    )


def downgrade() -> None:
    op.drop_table("evidence", schema="evidence")
