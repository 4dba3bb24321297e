"""Tables of the gateway."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import role

revision = "0006"
down_revision = "0005"

SCHEMA = "gateway"
TABLES = ("viewings", "login_failures", "sessions", "accounts", "audit", "chains", "notices", "cases")
STAGES = (
    "found_at", "flagged_at", "sealed_at", "failed_at", "drafted_at", "decided_at", "sent_at", "removed_at",
    "first_gone_at",
)  # fmt: skip
DESCRIPTION = ("alarm", "url", "host", "title", "language", "country", "category")


def upgrade() -> None:
    create_cases()
    create_notices()
    create_audit()
    create_accounts()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table, schema=SCHEMA)
    op.execute(f"DROP FUNCTION {SCHEMA}.refuse_change()")


def moment(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def create_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("rank", sa.Double, nullable=False),
        *(sa.Column(name, sa.Text) for name in DESCRIPTION),
        sa.Column("risk", sa.Double),
        sa.Column("known", sa.Boolean),
        sa.Column("finding", JSONB),
        sa.Column("assessment", JSONB),
        sa.Column("manifest_sha256", sa.Text),
        sa.Column("objects", JSONB),
        sa.Column("failure", sa.Text),
        sa.Column("report", JSONB),
        *(moment(name) for name in STAGES),
        *(sa.Column(name, sa.Text) for name in ("verdict", "note", "reviewer")),
        sa.Column("scripted", sa.Boolean),
        sa.Column("last_check", JSONB),
        moment("updated_at", nullable=False),
        schema=SCHEMA,
    )
    op.create_index("cases_queue", "cases", ["state", sa.text("rank DESC"), "case_id"], schema=SCHEMA)
    op.create_index("cases_rank", "cases", [sa.text("rank DESC"), "case_id"], schema=SCHEMA)
    op.create_index("cases_updated", "cases", ["updated_at"], schema=SCHEMA)


def create_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("notice_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.cases.case_id"), nullable=False, index=True),
        sa.Column("position", sa.Integer),
        sa.Column("content", JSONB),
        sa.Column("sha256", sa.Text),
        *(moment(name) for name in ("drafted_at", "approved_at", "sent_at", "bounced_at")),
        *(sa.Column(name, sa.Text) for name in ("receipt", "message_id", "bounce_reason")),
        schema=SCHEMA,
    )


def create_audit() -> None:
    op.create_table(
        "chains",
        sa.Column("chain", sa.Uuid, primary_key=True),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "audit",
        sa.Column("chain", sa.Uuid, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        moment("at", nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("actor", "action")),
        sa.Column("details", JSONB, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("prev_hash", "hash")),
        schema=SCHEMA,
    )
    op.create_index("audit_at", "audit", ["at", "seq"], schema=SCHEMA)
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {SCHEMA}.audit FROM {role('gateway')}")
    op.execute(f"REVOKE DELETE, TRUNCATE ON {SCHEMA}.chains FROM {role('gateway')}")
    op.execute(
        f"CREATE FUNCTION {SCHEMA}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit history is append-only: % refused', TG_OP; END $$"
    )
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {SCHEMA}.audit "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.refuse_change()"
    )


def create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("login", sa.Text, primary_key=True),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("pseudonym", sa.Text, nullable=False, unique=True),
        sa.Column("scripted", sa.Boolean, nullable=False),
        moment("created_at", nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("login", sa.Text, sa.ForeignKey(f"{SCHEMA}.accounts.login", ondelete="CASCADE"), nullable=False),
        moment("created_at", nullable=False),
        moment("expires_at", nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "login_failures",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        moment("at", nullable=False),
        schema=SCHEMA,
    )
    op.create_index("login_failures_at", "login_failures", ["at"], schema=SCHEMA)
    op.create_table(
        "viewings",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("object_name", sa.Text, nullable=False),
        sa.Column("login", sa.Text, sa.ForeignKey(f"{SCHEMA}.accounts.login", ondelete="CASCADE"), nullable=False),
        moment("expires_at", nullable=False),
        schema=SCHEMA,
    )
