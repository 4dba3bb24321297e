"""What cases have in common: marks of their pictures and traces of their sites; approved cases whose pictures are to be
listed as known."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BIT, JSONB

revision = "0032"
down_revision = "0031"

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "linked_cases",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("found_at", Moment, nullable=False),
        schema="drafter",
    )
    op.create_table(
        "marks",
        _case_id(),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        schema="drafter",
    )
    op.create_index("marks_value", "marks", ["kind", "value"], schema="drafter")
    op.create_table(
        "picture_hashes",
        _case_id(),
        sa.Column("pdq", BIT(256), primary_key=True),
        schema="drafter",
    )
    op.create_table(
        "site_traces",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("kind", "value", "domain")),
        sa.Column("case_id", sa.Uuid, nullable=False),
        schema="drafter",
    )
    op.create_table(
        "listings",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("category", sa.Text, nullable=False),
        *(sa.Column(name, JSONB, nullable=False) for name in ("matched", "pictures")),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("due_at", Moment),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("listed_at", Moment),
        schema="evidence",
    )
    op.create_index(
        "listings_due", "listings", ["due_at"], schema="evidence", postgresql_where=sa.text("due_at IS NOT NULL")
    )
    # What a site shows all over is asked for with each approval; by time alone, all that was seen would be read.
    op.create_index("seen_host", "seen", ["host", "judged_at"], schema="classifier")


def _case_id() -> sa.Column[object]:
    return sa.Column(
        "case_id", sa.Uuid, sa.ForeignKey("drafter.linked_cases.case_id", ondelete="CASCADE"), primary_key=True
    )


def downgrade() -> None:
    op.drop_index("seen_host", "seen", schema="classifier")
    op.drop_table("listings", schema="evidence")
    for table in ("site_traces", "picture_hashes", "marks", "linked_cases"):
        op.drop_table(table, schema="drafter")
