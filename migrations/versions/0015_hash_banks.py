"""Banks with source, kind, threshold, validity; entries that can be switched off; pictures seen."""

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
