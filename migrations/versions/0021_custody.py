"""The chain of custody, at the evidence and as the gateway shows it."""

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
