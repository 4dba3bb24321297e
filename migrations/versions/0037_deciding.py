"""Verdicts that wait for their undo window, edited notices, viewings by level, and whose keys are off."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import isolate, unisolate

revision = "0037"
down_revision = "0036"

SCHEMA = "gateway"
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_pending()
    for table in ("cases", "rounds"):
        op.add_column(table, sa.Column("deciding_until", Moment), schema=SCHEMA)
        op.add_column(table, sa.Column("undecided_at", Moment), schema=SCHEMA)
    op.add_column("notices", sa.Column("edited_at", Moment), schema=SCHEMA)
    op.add_column("notices", sa.Column("edited_by", sa.Text), schema=SCHEMA)
    op.add_column("notices", sa.Column("before", JSONB), schema=SCHEMA)
    op.add_column("viewings", sa.Column("reason", sa.Text, nullable=False, server_default=""), schema=SCHEMA)
    op.add_column("viewings", sa.Column("level", sa.Integer, nullable=False, server_default="3"), schema=SCHEMA)
    op.create_table(
        "shortcuts",
        sa.Column("login", sa.Text, sa.ForeignKey(f"{SCHEMA}.accounts.login", ondelete="CASCADE"), primary_key=True),
        sa.Column("off", sa.Boolean, nullable=False),
        schema=SCHEMA,
    )
    isolate("pending_verdicts", "case_id")
    isolate("shortcuts", "login")


def create_pending() -> None:
    """One that waits for a round of a case at a time; what ended stays as it ended."""
    op.create_table(
        "pending_verdicts",
        sa.Column("pending_id", sa.Uuid, primary_key=True),
        sa.Column("batch", sa.Uuid, nullable=False),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.cases.case_id"), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("decision", JSONB, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("login", "pseudonym")),
        sa.Column("proposed_at", Moment, nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("outcome", sa.Text),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_somehow"),
        schema=SCHEMA,
    )
    waiting = sa.text("ended_at IS NULL")
    op.create_index(
        "pending_once", "pending_verdicts", ["case_id", "round"], unique=True, schema=SCHEMA, postgresql_where=waiting
    )
    op.create_index("pending_due", "pending_verdicts", ["due_at"], schema=SCHEMA, postgresql_where=waiting)
    op.create_index("pending_batch", "pending_verdicts", ["batch"], schema=SCHEMA)
    op.create_index("pending_of_person", "pending_verdicts", ["login", "proposed_at"], schema=SCHEMA)


def downgrade() -> None:
    for table in ("shortcuts", "pending_verdicts"):
        unisolate(table)
        op.drop_table(table, schema=SCHEMA)
    for name in ("level", "reason"):
        op.drop_column("viewings", name, schema=SCHEMA)
    for name in ("before", "edited_by", "edited_at"):
        op.drop_column("notices", name, schema=SCHEMA)
    for table in ("rounds", "cases"):
        for name in ("undecided_at", "deciding_until"):
            op.drop_column(table, name, schema=SCHEMA)
