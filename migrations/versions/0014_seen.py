"""What was judged lately, flagged or not."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "seen",
        sa.Column("content_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("found_at", Moment, nullable=False),
        sa.Column("judged_at", Moment, nullable=False),
        sa.Column("risk", sa.Float, nullable=False),
        sa.Column("urgency", sa.Float, nullable=False),
        sa.Column("flagged", sa.Boolean, nullable=False),
        sa.Column("finding", JSONB, nullable=False),
        sa.Column("capture", JSONB, nullable=False),
        sa.Column("signals", JSONB, nullable=False),
        schema="classifier",
    )
    op.create_index("seen_judged", "seen", ["judged_at"], schema="classifier")
    op.create_index("seen_case", "seen", ["case_id"], schema="classifier")


def downgrade() -> None:
    op.drop_table("seen", schema="classifier")
