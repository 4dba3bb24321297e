"""Verdicts that wait for their undo window, edited notices."""

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
