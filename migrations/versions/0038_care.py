"""Care for those who look: exposure, breaks, golden cases."""

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
