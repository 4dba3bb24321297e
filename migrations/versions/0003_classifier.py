"""Tables of the classifier."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "bank_entries",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("bank", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("algorithm", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("variant", sa.Text, nullable=False),
        sa.Column("threshold", sa.SmallInteger, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint("bank", "entry", "algorithm", "hash"),
        sa.CheckConstraint("algorithm IN ('pdq', 'sha256')", name="bank_entries_algorithm"),
        sa.CheckConstraint("octet_length(hash) = 32", name="bank_entries_hash"),
        sa.CheckConstraint("threshold BETWEEN 0 AND 90", name="bank_entries_threshold"),
        schema="classifier",
    )


def downgrade() -> None:
    op.drop_table("bank_entries", schema="classifier")
