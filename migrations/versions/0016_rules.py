"""Rules that are edited without code, and who edited them; what was shown where, by digest."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import role

revision = "0016"
down_revision = "0015"

SCHEMA = "classifier"
VERSIONED = ("rule_versions", "policy_versions")  # written once, read for ever


def upgrade() -> None:
    op.create_table(
        "rule_versions",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("rule", JSONB, nullable=False),
        *_audit(),
        sa.CheckConstraint("mode IN ('off', 'shadow', 'live')", name="rule_versions_mode"),
        schema=SCHEMA,
    )
    op.create_table(
        "policy_versions",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("policy", JSONB, nullable=False),
        *_audit(),
        schema=SCHEMA,
    )
    _create_effects()
    _create_marks()
    _make_append_only()


def _audit() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )


def _create_effects() -> None:
    counts = ("held", "flags", "clears", "recategorises", "failed")
    op.create_table(
        "rule_effects",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date, primary_key=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in counts),
        schema=SCHEMA,
    )


def _create_marks() -> None:
    op.create_table(
        "seen_marks",
        sa.Column("mark", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    op.create_index("seen_marks_seen", "seen_marks", ["seen_at"], schema=SCHEMA)


def _make_append_only() -> None:
    op.execute(
        f"CREATE FUNCTION {SCHEMA}.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only: % refused; write a new version', TG_TABLE_NAME, TG_OP; END $$"
    )
    for table in VERSIONED:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {SCHEMA}.{table} FROM {role('classifier')}")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {SCHEMA}.{table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.refuse_rewriting()"
        )


def downgrade() -> None:
    for table in ("seen_marks", "rule_effects", *VERSIONED):
        op.drop_table(table, schema=SCHEMA)
    op.execute(f"DROP FUNCTION {SCHEMA}.refuse_rewriting()")
