"""What a site's robots.txt said, and where a legal ground overrode it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "robots",
        sa.Column("origin", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("legal_ground", sa.Text, nullable=False),
        sa.Column("fetched_at", Moment),
        sa.Column("sha256", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("cut", sa.Boolean, nullable=False),
        sa.Column("delay_s", sa.Float, nullable=False),
        schema="crawler",
    )
    op.create_index("robots_host", "robots", ["host"], schema="crawler")
    op.create_table(
        "robots_overrides",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("legal_ground", sa.Text, primary_key=True),
        sa.Column("visits", sa.BigInteger, nullable=False),
        sa.Column("first_at", Moment, nullable=False),
        sa.Column("last_at", Moment, nullable=False),
        sa.Column("last_url", sa.Text, nullable=False),
        schema="crawler",
    )


def downgrade() -> None:
    for table in ("robots_overrides", "robots"):
        op.drop_table(table, schema="crawler")
