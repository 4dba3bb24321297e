"""A host is in the hand of one process at a time: leases move from addresses to hosts, which also keep their health,
their budget and their figures."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

Moment = sa.DateTime(timezone=True)

# A table whose rows change with every visit is cleaned often, and leaves room for the new row beside the old one.
HOSTS_STORAGE = "fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05"
FRONTIER_STORAGE = "autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02"


def upgrade() -> None:
    for table in ("frontier", "checks"):
        op.drop_index(f"{table}_leased", table, schema="crawler")
        op.drop_column(table, "leased_until", schema="crawler")
    op.add_column("frontier", sa.Column("depth", sa.SmallInteger, nullable=False, server_default="0"), schema="crawler")
    for column in lease_columns() + health_columns() + figures():
        op.add_column("hosts", column, schema="crawler")
    op.drop_index("hosts_look_at", "hosts", schema="crawler")
    op.create_index("hosts_look_at", "hosts", ["urgency", "look_at"], schema="crawler")
    op.create_index("hosts_waiting", "hosts", ["host"], schema="crawler", postgresql_where=sa.text("waiting"))
    op.create_index(
        "checks_done", "checks", ["done_at"], schema="crawler", postgresql_where=sa.text("done_at IS NOT NULL")
    )
    op.execute(f"ALTER TABLE crawler.hosts SET ({HOSTS_STORAGE})")
    op.execute(f"ALTER TABLE crawler.frontier SET ({FRONTIER_STORAGE})")


def lease_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("leased_until", Moment),
        sa.Column("lease", sa.Uuid),
        sa.Column("waiting", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("wanted_until", Moment),
        sa.Column("gap_s", sa.Float),
    ]


def health_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("urgency", sa.SmallInteger, nullable=False, server_default="3"),
        sa.Column("case_at", Moment),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("hold_off_until", Moment),
        sa.Column("problem", sa.Text),
        sa.Column("day", sa.Date),
        sa.Column("day_visits", sa.Integer, nullable=False, server_default="0"),
    ]


def figures() -> list[sa.Column[Any]]:
    counted: list[sa.Column[Any]] = [
        sa.Column(name, sa.BigInteger, nullable=False, server_default="0")
        for name in ("visits", "failed", "found", "bytes")
    ]
    return [*counted, sa.Column("last_visit_at", Moment), sa.Column("last_found_at", Moment)]


def downgrade() -> None:
    op.execute("ALTER TABLE crawler.frontier RESET (autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor)")
    op.execute("ALTER TABLE crawler.hosts RESET (fillfactor, autovacuum_vacuum_scale_factor)")
    for index, table in (("checks_done", "checks"), ("hosts_waiting", "hosts"), ("hosts_look_at", "hosts")):
        op.drop_index(index, table, schema="crawler")
    for column in lease_columns() + health_columns() + figures():
        op.drop_column("hosts", column.name, schema="crawler")
    op.create_index("hosts_look_at", "hosts", ["look_at"], schema="crawler")
    op.drop_column("frontier", "depth", schema="crawler")
    for table in ("frontier", "checks"):
        op.add_column(table, sa.Column("leased_until", Moment), schema="crawler")
        op.create_index(
            f"{table}_leased", table, ["host"], schema="crawler", postgresql_where=sa.text("leased_until IS NOT NULL")
        )
