"""Tables of the crawler."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_sites()
    create_hosts()
    create_frontier()
    create_checks()


def create_sites() -> None:
    op.create_table(
        "sites",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("start_url", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("country", sa.Text),
        sa.Column("abuse_email", sa.Text),
        sa.Column("requests_per_second", sa.Float, nullable=False),
        sa.Column("revisit_seconds", sa.Float, nullable=False),
        sa.Column("obey_robots", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.CheckConstraint("requests_per_second > 0", name="sites_pace"),
        sa.CheckConstraint("revisit_seconds > 0", name="sites_revisit"),
        schema="crawler",
    )


def create_hosts() -> None:
    op.create_table(
        "hosts",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("next_allowed_at", Moment, nullable=False),
        sa.Column("look_at", Moment),
        sa.Column("pages", sa.Integer, nullable=False, server_default="0"),
        schema="crawler",
    )
    op.create_index("hosts_look_at", "hosts", ["look_at"], schema="crawler")


def create_frontier() -> None:
    op.create_table(
        "frontier",
        sa.Column("url", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("next_at", Moment, nullable=False),
        sa.Column("leased_until", Moment),
        sa.Column("interval_s", sa.Float, nullable=False, server_default="0"),
        sa.Column("last_digest", sa.Text),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("visits", sa.Integer, nullable=False, server_default="0"),
        sa.Column("problem", sa.Text),
        schema="crawler",
    )
    op.create_index("frontier_due", "frontier", ["host", "priority", "next_at"], schema="crawler")
    create_lease_index("frontier")


def create_checks() -> None:
    op.create_table(
        "checks",
        sa.Column("check_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("finding", sa.JSON, nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("leased_until", Moment),
        sa.Column("done_at", Moment),
        schema="crawler",
    )
    op.create_index(
        "checks_due", "checks", ["host", "due_at"], schema="crawler", postgresql_where=sa.text("done_at IS NULL")
    )
    create_lease_index("checks")


def create_lease_index(table: str) -> None:
    """The few rows in flight: a lease is cleared when the visit is over."""
    op.create_index(
        f"{table}_leased", table, ["host"], schema="crawler", postgresql_where=sa.text("leased_until IS NOT NULL")
    )


def downgrade() -> None:
    for table in ("checks", "frontier", "hosts", "sites"):
        op.drop_table(table, schema="crawler")
