"""Sites that exist for such content alone. How long each provider takes to answer."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "sites", sa.Column("sole_purpose", sa.Boolean, nullable=False, server_default=sa.false()), schema="crawler"
    )
    op.create_table(
        "answer_times",
        sa.Column("notice_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("sent_at", Moment, nullable=False),
        sa.Column("answered_at", Moment),
        schema="drafter",
    )
    op.create_index("answer_times_case", "answer_times", ["case_id"], schema="drafter")
    op.create_index(
        "answer_times_latest",
        "answer_times",
        [sa.text("answered_at DESC")],
        schema="drafter",
        postgresql_where=sa.text("answered_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("answer_times", schema="drafter")
    op.drop_column("sites", "sole_purpose", schema="crawler")
