"""What dashboards are made of: cells by day and by month, and what each case added to them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import isolate, role

revision = "0042"
down_revision = "0041"

SCHEMA = "gateway"
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "figure_cells",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("agency", "grain")),
        # In this order a measure's values lie together, and of each its periods.
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("measure", "dimension", "value")),
        sa.Column("period", sa.Date, primary_key=True),
        sa.Column("bucket", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )
    standing = sa.text("grain = 'day' AND measure IN ('waiting', 'overdue') AND n <> 0")
    op.create_index(
        "figure_cells_standing", "figure_cells", ["agency", "measure", "value", "period"], schema=SCHEMA,
        postgresql_where=standing,
    )  # fmt: skip
    op.create_table(
        "figure_cases",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("counted", sa.LargeBinary, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "figure_cursor",
        sa.Column("one", sa.Boolean, primary_key=True),
        sa.Column("updated_at", Moment, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.CheckConstraint("one", name="figure_cursor_one"),
        schema=SCHEMA,
    )
    op.create_table(
        "published_months",
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("published_at", Moment, nullable=False),
        schema=SCHEMA,
    )
    op.execute(f"REVOKE UPDATE, DELETE ON {SCHEMA}.published_months FROM {role('gateway')}")
    # What changed since, whosesoever it is.
    op.create_index("cases_changed", "cases", ["updated_at", "case_id"], schema=SCHEMA)
    for table in ("figure_cells", "figure_cases"):
        isolate(table, "agency")


def downgrade() -> None:
    op.drop_index("cases_changed", "cases", schema=SCHEMA)
    for table in ("published_months", "figure_cursor", "figure_cases", "figure_cells"):
        op.drop_table(table, schema=SCHEMA)
