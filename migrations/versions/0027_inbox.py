"""How far the agency's mailbox was read, each mail once, those that answer nothing known; nightly reconciliations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0027"
down_revision = "0026"

SCHEMA = "notifier"


def upgrade() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("mailbox", sa.Text, primary_key=True),
        sa.Column("uid_validity", sa.BigInteger, nullable=False),
        sa.Column("last_uid", sa.BigInteger, nullable=False),
        sa.Column("leased_by", sa.Text),
        moment("leased_until"),
        schema=SCHEMA,
    )
    op.create_table(
        "mails",
        sa.Column("mail_id", sa.Uuid, primary_key=True),
        sa.Column("message_id", sa.Text, nullable=False, index=True),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("case_id", sa.Uuid),
        sa.Column("notice_id", sa.Uuid),
        moment("taken_at", nullable=False),
        schema=SCHEMA,
    )
    unmatched()
    op.create_table(
        "reconciliations",
        sa.Column("made_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("open_ends", sa.Integer, nullable=False),
        sa.Column("report", JSONB, nullable=False),
        schema=SCHEMA,
    )


def unmatched() -> None:
    texts = ("message_id", "sender", "subject", "why", "kind", "ticket")
    op.create_table(
        "mails_unmatched",
        sa.Column("mail_id", sa.Uuid, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("case_id", sa.Uuid),
        moment("arrived_at", nullable=False),
        sa.Column("assigned_case", sa.Uuid),
        sa.Column("assigned_by", sa.Text),
        moment("assigned_at"),
        schema=SCHEMA,
    )
    op.create_index("mails_unmatched_arrived", "mails_unmatched", ["arrived_at"], schema=SCHEMA)


def downgrade() -> None:
    for table in ("reconciliations", "mails_unmatched", "mails", "mailboxes"):
        op.drop_table(table, schema=SCHEMA)


def moment(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
