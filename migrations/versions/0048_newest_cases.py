"""Lists of all and of closed cases: what is open first, then the newest.

On a table of millions the index is made beforehand, while services run: the same statement with CONCURRENTLY.
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"

SCHEMA = "gateway"
COLUMNS = (
    "agency",
    "(CASE WHEN state IN ('removed', 'rejected') THEN 0 ELSE 1 END)",
    "coalesce(found_at, updated_at)",
    "case_id",
)


def upgrade() -> None:
    columns = [sa.text(column) for column in COLUMNS]
    op.create_index("cases_newest", "cases", columns, schema=SCHEMA, if_not_exists=True)


def downgrade() -> None:
    op.drop_index("cases_newest", "cases", schema=SCHEMA)
