"""Seals, time stamps and signing keys of the evidence. They hold no content and outlive it."""

import sqlalchemy as sa
from alembic import op

from migrations.services import let_change_only, role

revision = "0020"
down_revision = "0019"

SCHEMA = "evidence"
WRITTEN_ONCE = ("seals", "stamps", "stamp_roots")
Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("public_key", sa.Text, primary_key=True),
        sa.Column("since", Moment, primary_key=True),
        sa.Column("until", Moment),
        schema=SCHEMA,
    )
    op.create_table("seals", *_of(), _bytes("document"), _moment("sealed_at"), schema=SCHEMA)
    _create_stamps()
    op.create_table(
        "stamp_debts",
        *_of(),
        sa.Column("authority", sa.Text, primary_key=True),
        sa.Column("covers", sa.Text, primary_key=True),
        *(_moment(name) for name in ("owed_since", "due_at")),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("stamp_debts_due", "stamp_debts", ["due_at"], schema=SCHEMA)
    op.create_table(
        "proofs",
        *_of(),
        sa.Column("proof", sa.LargeBinary),
        sa.Column("attested_at", Moment),
        _moment("due_at"),
        sa.Column("tries", sa.Integer, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("proofs_due", "proofs", ["due_at"], schema=SCHEMA, postgresql_where=sa.text("attested_at IS NULL"))
    _make_append_only()
    let_change_only(SCHEMA, "signing_keys", "until")


def _of() -> tuple[sa.Column[object], ...]:
    """A capture of a case, by its manifest."""
    return (
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("manifest_sha256", sa.Text, primary_key=True),
    )


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, Moment, nullable=False)


def _bytes(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _create_stamps() -> None:
    op.create_table(
        "stamp_roots",
        sa.Column("sha256", sa.Text, primary_key=True),
        _bytes("pem"),
        schema=SCHEMA,
    )
    op.create_table(
        "stamps",
        *_of(),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("authority", "covers")),
        _bytes("response"),
        sa.Column("roots", sa.Text, sa.ForeignKey(f"{SCHEMA}.stamp_roots.sha256"), nullable=False),
        sa.Column("offset_ms", sa.BigInteger, nullable=False),
        *(_moment(name) for name in ("at", "valid_until", "renew_at")),
        sa.ForeignKeyConstraint(
            ["case_id", "manifest_sha256"], [f"{SCHEMA}.seals.case_id", f"{SCHEMA}.seals.manifest_sha256"]
        ),
        schema=SCHEMA,
    )
    op.create_index("stamps_renew", "stamps", ["renew_at"], schema=SCHEMA)


def _make_append_only() -> None:
    op.execute(
        f"CREATE FUNCTION {SCHEMA}.refuse_resealing() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP; END $$"
    )
    for table in WRITTEN_ONCE:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {SCHEMA}.{table} FROM {role(SCHEMA)}")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {SCHEMA}.{table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.refuse_resealing()"
        )


def downgrade() -> None:
    for table in ("proofs", "stamp_debts", "stamps", "stamp_roots", "seals", "signing_keys"):
        op.drop_table(table, schema=SCHEMA)
    op.execute(f"DROP FUNCTION {SCHEMA}.refuse_resealing()")
