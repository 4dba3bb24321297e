"""Deliveries of every channel and rung; what came back to them. Drafts in rounds, with what they were written from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"

STATES = "state IN ('planned', 'waiting', 'sending', 'sent', 'bounced', 'handing', 'withdrawn')"
FORMER_STATES = "state IN ('waiting', 'sending', 'sent', 'bounced')"
# Approved before this change: what it was made of is what a notice is made of.
AS_NOTICE = """
    UPDATE notifier.deliveries SET notice = jsonb_build_object(
        'notice_id', notice_id, 'recipient', recipient, 'language', recipient ->> 'language', 'subject', subject,
        'body', body, 'requirements', '[]'::jsonb, 'sha256', sha256
    ), sent_at = CASE WHEN state = 'sent' THEN last_attempt_at END
"""
AS_COLUMNS = """
    UPDATE notifier.deliveries
    SET recipient = notice -> 'recipient', subject = notice ->> 'subject', body = notice ->> 'body'
"""


def upgrade() -> None:
    deliveries()
    answers()
    op.create_table(
        "rounds",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("round", sa.Integer, primary_key=True),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("notices", JSONB, nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        schema="drafter",
    )
    op.add_column("drafts", sa.Column("sealed", JSONB), schema="drafter")


def deliveries() -> None:
    op.add_column("deliveries", sa.Column("notice", JSONB), schema="notifier")
    op.add_column("deliveries", sa.Column("channel", sa.Text, nullable=False, server_default="mail"), schema="notifier")
    op.add_column("deliveries", sa.Column("provider", sa.Text, nullable=False, server_default=""), schema="notifier")
    op.add_column("deliveries", sa.Column("round", sa.Integer, nullable=False, server_default="0"), schema="notifier")
    op.add_column("deliveries", sa.Column("rung", sa.Integer, nullable=False, server_default="0"), schema="notifier")
    op.add_column("deliveries", sa.Column("policy", sa.Text, nullable=False, server_default=""), schema="notifier")
    op.add_column(
        "deliveries",
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        schema="notifier",
    )
    for name in ("sent_at", "received_at"):
        op.add_column("deliveries", sa.Column(name, sa.DateTime(timezone=True)), schema="notifier")
    for name in ("received_how", "ticket"):
        op.add_column("deliveries", sa.Column(name, sa.Text), schema="notifier")
    op.execute(AS_NOTICE)
    op.alter_column("deliveries", "notice", nullable=False, schema="notifier")
    op.alter_column("deliveries", "recipient_email", new_column_name="address", schema="notifier")
    for name in ("recipient", "subject", "body"):
        op.drop_column("deliveries", name, schema="notifier")
    op.drop_constraint("known_state", "deliveries", schema="notifier")
    op.create_check_constraint("known_state", "deliveries", STATES, schema="notifier")
    op.drop_constraint("one_notice_a_recipient_and_occasion", "deliveries", schema="notifier")
    op.create_unique_constraint(
        "one_notice_a_recipient_and_occasion",
        "deliveries",
        ["case_id", "address", "occasion", "round"],
        schema="notifier",
    )
    op.create_index("deliveries_of_case", "deliveries", ["case_id"], schema="notifier")


def answers() -> None:
    op.create_table(
        "answers",
        sa.Column("answer_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("notice_id", sa.Uuid),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False, unique=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        schema="notifier",
    )
    op.create_index("answers_of_case", "answers", ["case_id"], schema="notifier")


def downgrade() -> None:
    """What only the later shape can hold (planned, handing and withdrawn notices, later rounds, answers) is lost."""
    op.drop_column("drafts", "sealed", schema="drafter")
    op.drop_table("rounds", schema="drafter")
    op.drop_table("answers", schema="notifier")
    op.execute(f"DELETE FROM notifier.deliveries WHERE NOT ({FORMER_STATES}) OR channel <> 'mail' OR round <> 0")
    op.drop_index("deliveries_of_case", "deliveries", schema="notifier")
    for name in ("recipient", "subject", "body"):
        op.add_column("deliveries", sa.Column(name, JSONB if name == "recipient" else sa.Text), schema="notifier")
    op.execute(AS_COLUMNS)
    for name in ("recipient", "subject", "body"):
        op.alter_column("deliveries", name, nullable=False, schema="notifier")
    op.alter_column("deliveries", "address", new_column_name="recipient_email", schema="notifier")
    op.drop_constraint("one_notice_a_recipient_and_occasion", "deliveries", schema="notifier")
    op.create_unique_constraint(
        "one_notice_a_recipient_and_occasion",
        "deliveries",
        ["case_id", "recipient_email", "occasion"],
        schema="notifier",
    )
    op.drop_constraint("known_state", "deliveries", schema="notifier")
    op.create_check_constraint("known_state", "deliveries", FORMER_STATES, schema="notifier")
    for name in (
        "notice", "channel", "provider", "round", "rung", "policy", "approved_at", "sent_at", "received_at",
        "received_how", "ticket",
    ):  # fmt: skip
        op.drop_column("deliveries", name, schema="notifier")
