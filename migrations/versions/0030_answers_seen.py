"""What comes after the first verdict, at the gateway: further rounds, answers, plans, hand-overs, links."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0030"
down_revision = "0029"

SCHEMA = "gateway"
Moment = sa.DateTime(timezone=True)
OF_CASES: dict[str, Any] = {
    "links": JSONB(none_as_null=True),
    "plan": JSONB(none_as_null=True),
    "reappeared_at": Moment,
    "verified_at": Moment,
    "awaits": sa.Integer,
    "hand_over_at": Moment,
    "attended": sa.ARRAY(sa.Text),
}
OF_NOTICES: dict[str, Any] = {
    "released_at": Moment,
    "release_why": sa.Text,
    "withdrawn_at": Moment,
    "withdrawn_why": sa.Text,
    "hand_over_at": Moment,
    "hand_over_why": sa.Text,
    "handed_at": Moment,
    "handed_by": sa.Text,
    "handed_receipt": sa.Text,
    "handed_failed": sa.Text,
    "stopped_at": Moment,
    "stopped_by": sa.Text,
}
# Who is compared with whom: the contact graph's name of the recipient, else the domain of its mailbox, else its name.
PROVIDER = (
    "COALESCE(NULLIF(content->'recipient'->>'provider', ''), "
    "NULLIF(lower(split_part(content->'recipient'->>'email', '@', 2)), ''), content->'recipient'->>'name')"
)


def upgrade() -> None:
    for name, kind in OF_CASES.items():
        op.add_column("cases", sa.Column(name, kind), schema=SCHEMA)
    op.execute(f"UPDATE {SCHEMA}.cases SET verified_at = removed_at")
    for name, kind in OF_NOTICES.items():
        op.add_column("notices", sa.Column(name, kind), schema=SCHEMA)
    op.add_column("notices", sa.Column("round", sa.Integer, nullable=False, server_default="0"), schema=SCHEMA)
    op.add_column("notices", sa.Column("provider", sa.Text, sa.Computed(PROVIDER, persisted=True)), schema=SCHEMA)
    _create_indexes()
    _create_rounds()
    _create_answers()


def _create_indexes() -> None:
    rank: list[Any] = [sa.text("rank DESC"), "case_id"]
    for name in ("awaits", "hand_over_at"):
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"cases_{name}", "cases", rank, schema=SCHEMA, postgresql_where=there)
    op.execute(f"CREATE INDEX cases_links ON {SCHEMA}.cases USING gin (links jsonb_path_ops)")
    op.create_index("notices_sent", "notices", ["sent_at"], schema=SCHEMA)
    op.create_index("notices_bounced", "notices", ["bounced_at"], schema=SCHEMA)


def _create_rounds() -> None:
    op.create_table(
        "rounds",
        sa.Column("case_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.cases.case_id"), primary_key=True),
        sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("drafted_at", Moment),
        sa.Column("decided_at", Moment),
        *(sa.Column(name, sa.Text) for name in ("verdict", "note", "reviewer")),
        sa.Column("scripted", sa.Boolean),
        schema=SCHEMA,
    )


def _create_answers() -> None:
    op.create_table(
        "answers",
        sa.Column("answer_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.cases.case_id"), nullable=False),
        sa.Column("notice_id", sa.Uuid),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "recipient", "ticket", "words", "channel")),
        sa.Column("answered_at", Moment, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("answers_case", "answers", ["case_id", "answered_at"], schema=SCHEMA)
    op.create_index("answers_notice", "answers", ["notice_id"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_table("answers", schema=SCHEMA)
    op.drop_table("rounds", schema=SCHEMA)
    op.drop_index("notices_bounced", "notices", schema=SCHEMA)
    op.drop_index("notices_sent", "notices", schema=SCHEMA)
    for name in ("links", "hand_over_at", "awaits"):
        op.drop_index(f"cases_{name}", "cases", schema=SCHEMA)
    for name in ("provider", "round", *OF_NOTICES):
        op.drop_column("notices", name, schema=SCHEMA)
    for name in OF_CASES:
        op.drop_column("cases", name, schema=SCHEMA)
