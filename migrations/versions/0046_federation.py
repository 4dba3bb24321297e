"""Agencies with which statements are exchanged, what they stated and what we state."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import isolate

revision = "0046"
down_revision = "0045"

SCHEMA = "gateway"
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_peers()
    _create_received()
    _create_issued()


def downgrade() -> None:
    for table in (
        "federation_keys", "issued_ends", "issued_statements", "received_statements", "peer_keys", "peers"
    ):  # fmt: skip
        op.drop_table(table, schema=SCHEMA)


def _create_peers() -> None:
    op.create_table(
        "peers",
        sa.Column("peer_id", sa.Uuid, primary_key=True),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failure", sa.Text),
        sa.Column("pulled_at", Moment),
        sa.Column("counts", JSONB, nullable=False),
        sa.Column("lease", sa.Uuid),
        sa.Column("leased_until", Moment),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("proposed_at", Moment, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.CheckConstraint("state IN ('proposed', 'active', 'replaced', 'disbelieved')", name="peers_state"),
        schema=SCHEMA,
    )
    isolate("peers", "agency")
    works = sa.text("state = 'active'")
    op.create_index("peers_active", "peers", ["agency", "issuer"], unique=True, schema=SCHEMA, postgresql_where=works)
    op.create_table(
        "peer_keys",
        sa.Column("peer_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.peers.peer_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("kid", sa.Text, primary_key=True),
        sa.Column("public_key", sa.Text, nullable=False),
        sa.Column("revoked_at", Moment),
        schema=SCHEMA,
    )
    isolate("peer_keys", "peer_id")


def _create_received() -> None:
    op.create_table(
        "received_statements",
        sa.Column("statement_id", sa.Uuid, primary_key=True),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("about", sa.Uuid),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("issued_at", Moment, nullable=False),
        sa.Column("until", Moment),
        sa.Column("received_at", Moment, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("batch", sa.Uuid),
        sa.Column("ended_at", Moment),
        sa.Column("ended_by", sa.Text),
        sa.CheckConstraint(
            "state IN ('waiting', 'taken', 'refused', 'withdrawn', 'expired', 'disbelieved')", name="received_state"
        ),
        schema=SCHEMA,
    )
    isolate("received_statements", "agency")
    op.create_index("received_of", "received_statements", ["issuer", "state", "kind"], schema=SCHEMA)
    op.create_index("received_about", "received_statements", ["about"], schema=SCHEMA)
    ends = sa.text("until IS NOT NULL AND state IN ('waiting', 'taken')")
    op.create_index("received_until", "received_statements", ["until"], schema=SCHEMA, postgresql_where=ends)


def _create_issued() -> None:
    op.create_table(
        "issued_statements",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("statement_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("about", sa.Uuid),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("issued_at", Moment, nullable=False),
        sa.Column("until", Moment),
        sa.Column("withdrawn_at", Moment),
        sa.Column("by", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    isolate("issued_statements", "agency")
    stands = sa.text("withdrawn_at IS NULL")
    op.create_index(
        "issued_subject", "issued_statements", ["subject"], unique=True, schema=SCHEMA, postgresql_where=stands
    )
    op.create_table(
        "issued_ends",
        sa.Column("one", sa.Boolean, sa.CheckConstraint("one"), primary_key=True),
        sa.Column("newest", sa.BigInteger, nullable=False),
        schema=SCHEMA,
    )
    op.execute(f"INSERT INTO {SCHEMA}.issued_ends (one, newest) VALUES (true, 0)")
    op.create_table(
        "federation_keys",
        sa.Column("kid", sa.Text, primary_key=True),
        sa.Column("public_key", sa.Text, nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.Column("until", Moment),
        schema=SCHEMA,
    )
