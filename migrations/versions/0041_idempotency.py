"""Answers to requests that may come twice."""

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
