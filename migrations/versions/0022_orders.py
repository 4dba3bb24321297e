"""Orders, holds, how long each case is kept, and certificates of destruction."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import let_change_only, role

revision = "0022"
down_revision = "0021"

SCHEMA = "evidence"
Moment = sa.DateTime(timezone=True)
KINDS = "'bundle', 'hold', 'release', 'class', 'destroy'"


def upgrade() -> None:
    op.add_column("evidence", sa.Column("destroy_order", sa.Uuid), schema=SCHEMA)
    op.add_column("evidence", sa.Column("destroyed_at", Moment), schema=SCHEMA)
    op.execute(f"REVOKE DELETE ON {SCHEMA}.evidence FROM {role(SCHEMA)}")
    _create_orders()
    _create_holds()
    op.create_table(
        "retention",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("categories", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("verdict", sa.Text),
        sa.Column("decided_at", Moment),
        sa.Column("chosen", sa.Text),
        sa.Column("chosen_at", Moment),
        sa.Column("chosen_by_order", sa.Uuid),
        schema=SCHEMA,
    )
    _create_certificates()


def _create_orders() -> None:
    op.create_table(
        "orders",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "by", "why", "basis")),
        sa.Column("terms", JSONB, nullable=False),
        sa.Column("ordered_at", Moment, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("taken_by", sa.Text),
        sa.Column("next_at", Moment, nullable=False),
        sa.Column("progress", JSONB, nullable=False),
        sa.Column("done_at", Moment),
        sa.Column("result", JSONB),
        sa.Column("error", sa.Text),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="orders_kind"),
        sa.CheckConstraint(
            "(done_at IS NULL AND result IS NULL) OR (done_at IS NOT NULL AND (result IS NULL) <> (error IS NULL))",
            name="orders_done_or_failed",
        ),
        schema=SCHEMA,
    )
    waiting = sa.text("done_at IS NULL")
    op.create_index("orders_waiting", "orders", ["case_id", "position"], schema=SCHEMA, postgresql_where=waiting)
    turn = [sa.text("(by = 'evidence')"), sa.text("position")]
    op.create_index("orders_turn", "orders", turn, schema=SCHEMA, postgresql_where=waiting)
    op.create_index("orders_case", "orders", ["case_id"], schema=SCHEMA)
    let_change_only(SCHEMA, "orders", "tries, taken_by, next_at, progress, done_at, result, error")
    op.execute(
        f"CREATE FUNCTION {SCHEMA}.refuse_another_end() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'order % has ended: how it ended does not change', OLD.order_id; END $$"
    )
    op.execute(
        f"CREATE TRIGGER ended BEFORE UPDATE ON {SCHEMA}.orders "
        f"FOR EACH ROW WHEN (OLD.done_at IS NOT NULL) EXECUTE FUNCTION {SCHEMA}.refuse_another_end()"
    )


def _create_holds() -> None:
    op.create_table(
        "holds",
        sa.Column("hold_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("by", "why", "basis")),
        sa.Column("placed_at", Moment, nullable=False),
        sa.Column("until", Moment),
        sa.Column("released_at", Moment),
        sa.Column("released_by_order", sa.Uuid),
        schema=SCHEMA,
    )
    op.create_index("holds_case", "holds", ["case_id"], schema=SCHEMA)
    let_change_only(SCHEMA, "holds", "released_at, released_by_order")


def _create_certificates() -> None:
    op.create_table(
        "certificates",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("destroyed_at", Moment, nullable=False),
        schema=SCHEMA,
    )
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {SCHEMA}.certificates FROM {role(SCHEMA)}")
    op.execute(
        f"CREATE FUNCTION {SCHEMA}.refuse_certificate_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'certificates of destruction are append-only: % refused', TG_OP; END $$"
    )
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {SCHEMA}.certificates "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.refuse_certificate_change()"
    )


def downgrade() -> None:
    for table in ("certificates", "retention", "holds", "orders"):
        op.drop_table(table, schema=SCHEMA)
    for function in ("refuse_certificate_change", "refuse_another_end"):
        op.execute(f"DROP FUNCTION {SCHEMA}.{function}()")
    op.execute(f"GRANT DELETE ON {SCHEMA}.evidence TO {role(SCHEMA)}")
    op.drop_column("evidence", "destroyed_at", schema=SCHEMA)
    op.drop_column("evidence", "destroy_order", schema=SCHEMA)
