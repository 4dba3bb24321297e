"""What a connector is told of its site, and the keys of the pseudonyms in conversations."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("sites", sa.Column("options", sa.Text), schema="crawler")
    op.create_table(
        "conversations",
        sa.Column("conversation", sa.Text, primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(key) = 32", name="conversations_key"),
        schema="crawler",
    )


def downgrade() -> None:
    op.drop_table("conversations", schema="crawler")
    op.drop_column("sites", "options", schema="crawler")
