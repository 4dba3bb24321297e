"""The chain of custody, at the evidence and as the gateway shows it; what officials ordered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import role

revision = "0021"
down_revision = "0020"

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_lines("evidence")
    op.create_table(
        "custody_ends",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        schema="evidence",
    )
    op.execute(f"REVOKE DELETE, TRUNCATE ON evidence.custody_ends FROM {role('evidence')}")
    _create_lines("gateway")
    _create_orders()
    op.add_column("cases", sa.Column("mode", sa.Text), schema="gateway")
    op.add_column("cases", sa.Column("incomplete", sa.ARRAY(sa.Text)), schema="gateway")
    op.add_column("cases", sa.Column("destroyed_at", Moment), schema="gateway")


def _create_lines(schema: str) -> None:
    """The same lines on both sides, append-only on both."""
    op.create_table(
        "custody",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", Moment, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("actor", "action")),
        *(sa.Column(name, JSONB, nullable=False) for name in ("artifacts", "details")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("prev_hash", "hash")),
        schema=schema,
    )
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {schema}.custody FROM {role(schema)}")
    op.execute(
        f"CREATE FUNCTION {schema}.refuse_custody_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the chain of custody is append-only: % refused', TG_OP; END $$"
    )
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.custody "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_custody_change()"
    )


def _create_orders() -> None:
    op.create_table(
        "evidence_orders",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "by", "why", "basis")),
        sa.Column("ordered_at", Moment, nullable=False),
        sa.Column("done_at", Moment),
        sa.Column("result", JSONB),
        sa.Column("error", sa.Text),
        schema="gateway",
    )
    op.execute(f"REVOKE DELETE ON gateway.evidence_orders FROM {role('gateway')}")
    op.create_index("evidence_orders_case", "evidence_orders", ["case_id", "ordered_at"], schema="gateway")


def downgrade() -> None:
    for name in ("destroyed_at", "incomplete", "mode"):
        op.drop_column("cases", name, schema="gateway")
    op.drop_table("evidence_orders", schema="gateway")
    op.drop_table("custody", schema="gateway")
    op.execute("DROP FUNCTION gateway.refuse_custody_change()")
    op.drop_table("custody_ends", schema="evidence")
    op.drop_table("custody", schema="evidence")
    op.execute("DROP FUNCTION evidence.refuse_custody_change()")
