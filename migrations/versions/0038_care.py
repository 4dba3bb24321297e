"""Care for those who look: exposure, breaks, golden cases."""

import sqlalchemy as sa
from alembic import op

from migrations.services import isolate

revision = "0038"
down_revision = "0037"

SCHEMA = "gateway"
TABLES = ("blind_doubts", "blind_looks", "golden_cases", "care_defaults", "care_ledger")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    # No agency and no time: a row must not tell whose it is (services/gateway/care/ledger.py).
    op.create_table(
        "care_ledger",
        sa.Column("who", sa.LargeBinary, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("period", sa.Date),
        sa.Column("sealed", sa.LargeBinary),
        schema=SCHEMA,
    )
    op.create_index("care_ledger_period", "care_ledger", ["kind", "period"], schema=SCHEMA)
    op.create_table(
        "care_defaults",
        sa.Column("agency", sa.Text, primary_key=True),
        sa.Column("budget", sa.Double, nullable=False),
        sa.Column("stretch_units", sa.Double, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("golden_share", "second_share")),
        schema=SCHEMA,
    )
    _golden()
    for table in ("care_defaults", "golden_cases", "blind_doubts"):
        isolate(table, "agency")
    isolate("blind_looks", "case_id")


def _golden() -> None:
    # For the sample of what others decided lately.
    op.create_index(
        "cases_decided", "cases", [sa.text("decided_at DESC")], schema=SCHEMA, postgresql_where=sa.text("NOT scripted")
    )
    case_id = sa.Column("case_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.cases.case_id"), primary_key=True)
    op.create_table(
        "golden_cases",
        case_id,
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("verdict", "why", "proposed_by")),
        sa.Column("proposed_at", Moment, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("agreed_by", "ended_by")),
        *(sa.Column(name, Moment) for name in ("agreed_at", "ended_at")),
        sa.CheckConstraint("agreed_by <> proposed_by", name="golden_cases_four_eyes"),
        sa.CheckConstraint("verdict IN ('approved', 'rejected')", name="golden_cases_verdict"),
        schema=SCHEMA,
    )
    op.create_table(
        "blind_looks",
        sa.Column("look", sa.Text, primary_key=True),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.cases.case_id"), nullable=False),
        sa.Column("golden", sa.Boolean, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("blind_looks_who", "blind_looks", ["who", "done"], schema=SCHEMA)
    op.create_index("blind_looks_day", "blind_looks", ["day"], schema=SCHEMA)
    op.create_table(
        "blind_doubts",
        sa.Column("case_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.cases.case_id"), primary_key=True),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("seen_by", sa.Text),
        schema=SCHEMA,
    )
    op.create_index("blind_doubts_day", "blind_doubts", ["seen_by", "day"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_index("cases_decided", "cases", schema=SCHEMA)
    for table in TABLES:
        op.drop_table(table, schema=SCHEMA)
