"""What an agency says of a site: why it may be visited, how often, by which way, with which secret, read by whom."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    columns = (
        sa.Column("legal_ground", sa.Text, nullable=False, server_default="public"),
        sa.Column("visits_per_day", sa.Integer),
        sa.Column("exit", sa.Text),
        sa.Column("credential", sa.Text),
        sa.Column("connector", sa.Text),
        sa.Column("renders", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    for column in columns:
        op.add_column("sites", column, schema="crawler")
    op.create_check_constraint("sites_budget", "sites", "visits_per_day > 0", schema="crawler")
    op.add_column("frontier", sa.Column("cursor", sa.Text), schema="crawler")


def downgrade() -> None:
    op.drop_column("frontier", "cursor", schema="crawler")
    op.drop_constraint("sites_budget", "sites", schema="crawler")
    for name in ("legal_ground", "visits_per_day", "exit", "credential", "connector", "renders"):
        op.drop_column("sites", name, schema="crawler")
