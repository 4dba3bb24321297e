"""The audit history in partitions, its Merkle tree and signed heads."""

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
