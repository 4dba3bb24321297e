"""Reports of victims and partners, referrals; who waits for a word of which address."""

import sqlalchemy as sa
from alembic import op

from migrations.services import isolate

revision = "0039"
down_revision = "0038"

SCHEMA = "gateway"
Moment = sa.DateTime(timezone=True)
TABLES = ("door_attempts", "door_passes", "referrals", "report_documents", "reported_pages", "reports")


def text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def moment(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, Moment, nullable=nullable)


def of_report() -> sa.Column[object]:
    return sa.Column("report_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.reports.report_id"), nullable=False, index=True)


def upgrade() -> None:
    _create_reported()
    _create_reports()
    _create_pages()
    _create_referrals()
    _create_door()
    op.add_column("cases", sa.Column("reports", sa.Integer, nullable=False, server_default="0"), schema=SCHEMA)
    op.add_column("cases", moment("withdrawn_at"), schema=SCHEMA)
    for table in ("reports", "reported_pages", "report_documents", "referrals", "door_passes"):
        isolate(table, "agency")


def _create_reported() -> None:
    op.create_table(
        "reported",
        sa.Column("report_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, nullable=False),
        *map(text, ("url", "given", "category")),
        moment("reported_at", nullable=False),
        sa.Column("hops", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("final", sa.Boolean, nullable=False, server_default=sa.false()),
        schema="crawler",
    )
    op.create_index("reported_url", "reported", ["url"], schema="crawler")
    op.create_index("reported_at", "reported", ["reported_at"], schema="crawler")


def _create_reports() -> None:
    op.create_table(
        "reports",
        sa.Column("report_id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Text, nullable=False, unique=True),
        text("pin_hash", nullable=True),
        *map(text, ("source", "category", "language")),
        *(text(name, nullable=True) for name in ("submitted_by", "reference", "digest")),
        sa.Column("consents", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("pictures", sa.Integer, nullable=False, server_default="0"),
        *(sa.Column(name, sa.LargeBinary) for name in ("secret", "secret_key")),
        moment("created_at", nullable=False),
        moment("updated_at", nullable=False),
        *map(moment, ("withdrawn_at", "forgotten_at", "seen_at")),
        text("seen_by", nullable=True),
        text("alarm", nullable=True),
        sa.UniqueConstraint("submitted_by", "reference"),
        schema=SCHEMA,
    )
    op.create_index("reports_newest", "reports", [sa.text("created_at DESC"), "report_id"], schema=SCHEMA)
    op.create_index("reports_updated", "reports", ["submitted_by", "updated_at"], schema=SCHEMA)


def _create_pages() -> None:
    op.create_table(
        "reported_pages",
        sa.Column("page_id", sa.Uuid, primary_key=True),
        of_report(),
        sa.Column("place", sa.Integer, nullable=False),
        text("url"),
        sa.Column("case_id", sa.Uuid, nullable=False, index=True),
        moment("reported_at", nullable=False),
        text("problem", nullable=True),
        sa.Column("final", sa.Boolean, nullable=False, server_default=sa.false()),
        moment("tried_at"),
        moment("reached_at"),
        schema=SCHEMA,
    )
    op.create_table(
        "report_documents",
        sa.Column("document_id", sa.Uuid, primary_key=True),
        of_report(),
        *map(text, ("sha256", "media_type")),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("sealed_key", sa.LargeBinary),
        moment("given_at", nullable=False),
        schema=SCHEMA,
    )


def _create_referrals() -> None:
    op.create_table(
        "referrals",
        sa.Column("referral_id", sa.Uuid, primary_key=True),
        of_report(),
        text("partner"),
        sa.Column("services", sa.ARRAY(sa.Text), nullable=False),
        text("language"),
        moment("consented_at", nullable=False),
        *map(moment, ("fetched_at", "withdrawn_at", "late_at")),
        text("fetched_by", nullable=True),
        schema=SCHEMA,
    )
    op.create_index("referrals_waiting", "referrals", ["partner", "consented_at"], schema=SCHEMA)


def _create_door() -> None:
    op.create_table(
        "door_passes",
        sa.Column("token_hash", sa.Text, primary_key=True),
        of_report(),
        moment("expires_at", nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "door_attempts",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        *map(text, ("what", "who")),
        moment("at", nullable=False),
        schema=SCHEMA,
    )
    op.create_index("door_attempts_who", "door_attempts", ["what", "who", "at"], schema=SCHEMA)
    op.create_index("door_attempts_at", "door_attempts", ["at"], schema=SCHEMA)


def downgrade() -> None:
    for column in ("withdrawn_at", "reports"):
        op.drop_column("cases", column, schema=SCHEMA)
    for table in TABLES:
        op.drop_table(table, schema=SCHEMA)
    op.drop_table("reported", schema="crawler")
