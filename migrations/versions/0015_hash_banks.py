"""Banks with source, kind, threshold, validity; entries that can be switched off; pictures seen, to match backwards."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"

Moment = sa.DateTime(timezone=True)
DEFAULT_THRESHOLD = 31
# Octets of a hash by its algorithm; what is none of them fits no length.
LENGTHS = (
    "octet_length(hash) = CASE algorithm WHEN 'md5' THEN 16 WHEN 'sha1' THEN 20 WHEN 'phash' THEN 8 "
    "WHEN 'pdq' THEN 32 WHEN 'vpdq' THEN 32 WHEN 'sha256' THEN 32 ELSE -1 END"
)


def upgrade() -> None:
    _create_banks()
    _grow_entries()
    _keep_existing()
    _create_seen()


def _create_banks() -> None:
    op.create_table(
        "banks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("agency", sa.Text, nullable=False, server_default=""),
        sa.Column("source", sa.Text, nullable=False, server_default="agency"),
        sa.Column("kind", sa.Text, nullable=False, server_default="known"),
        sa.Column("category", sa.Text, nullable=False, server_default=""),
        sa.Column("threshold", sa.SmallInteger, nullable=False, server_default=str(DEFAULT_THRESHOLD)),
        sa.Column("valid_from", Moment),
        sa.Column("valid_until", Moment),
        sa.Column("provenance", sa.Text, nullable=False, server_default=""),
        sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("shared", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("relisted", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("created_at", Moment, nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("source IN ('victim_report', 'agency', 'exchange')", name="banks_source"),
        sa.CheckConstraint("kind IN ('known', 'harmless')", name="banks_kind"),
        sa.CheckConstraint("threshold BETWEEN 0 AND 90", name="banks_threshold"),
        sa.CheckConstraint("valid_from < valid_until", name="banks_validity"),
        schema="classifier",
    )
    op.create_table(
        "bank_revision",
        sa.Column("one", sa.Boolean, primary_key=True, server_default=sa.true()),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("history", sa.Uuid, nullable=False, server_default=sa.func.gen_random_uuid()),
        sa.CheckConstraint("one", name="bank_revision_one"),
        schema="classifier",
    )
    op.create_table(
        "bank_changes",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("bank", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("details", JSONB, nullable=False),
        schema="classifier",
    )
    op.create_index("bank_changes_bank", "bank_changes", ["bank", "id"], schema="classifier")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON classifier.bank_changes FROM haetae_classifier")


def _grow_entries() -> None:
    for name in ("bank_entries_algorithm", "bank_entries_hash"):
        op.drop_constraint(name, "bank_entries", schema="classifier")
    op.create_check_constraint("bank_entries_hash", "bank_entries", LENGTHS, schema="classifier")
    for column in (
        sa.Column("phash", sa.LargeBinary),
        sa.Column("threshold_given", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("revision", sa.BigInteger, nullable=False, server_default="1"),
        sa.Column("disabled_at", Moment),
        sa.Column("disabled_by", sa.Text),
        sa.Column("disabled_why", sa.Text),
    ):
        op.add_column("bank_entries", column, schema="classifier")
    op.alter_column("bank_entries", "revision", server_default=None, schema="classifier")
    op.create_index("bank_entries_revision", "bank_entries", ["revision", "id"], schema="classifier")


def _keep_existing() -> None:
    """Until now an agency's own banks and those of others had thresholds by entry alone."""
    op.execute(
        "INSERT INTO classifier.banks (name, threshold) SELECT bank, "
        f"coalesce(mode() WITHIN GROUP (ORDER BY threshold) FILTER (WHERE algorithm = 'pdq'), {DEFAULT_THRESHOLD}) "
        "FROM classifier.bank_entries GROUP BY bank"
    )
    op.execute(
        "UPDATE classifier.bank_entries e SET threshold_given = true FROM classifier.banks b "
        "WHERE b.name = e.bank AND e.algorithm = 'pdq' AND e.threshold <> b.threshold"
    )
    op.execute("INSERT INTO classifier.bank_revision (revision) VALUES (1)")


def _create_seen() -> None:
    op.create_table(
        "seen_pictures",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("content_id", sa.Uuid, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("pdq", sa.LargeBinary, nullable=False),
        sa.Column("phash", sa.LargeBinary, nullable=False),
        sa.Column("digests", sa.LargeBinary, nullable=False),
        sa.Column("frames_at_s", sa.LargeBinary),
        sa.Column("seen_at", Moment, nullable=False),
        sa.UniqueConstraint("content_id", "place"),
        schema="classifier",
    )
    op.create_index("seen_pictures_seen", "seen_pictures", ["seen_at"], schema="classifier")
    op.create_table(
        "late_matches",
        sa.Column("content_id", sa.Uuid, primary_key=True),
        sa.Column("found_at", Moment, nullable=False),
        schema="classifier",
    )
    op.create_table(
        "backwards",
        sa.Column("one", sa.Boolean, primary_key=True, server_default=sa.true()),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("goal", sa.BigInteger, nullable=False),
        sa.Column("after", sa.BigInteger, nullable=False),
        sa.Column("valid_at", Moment, nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("one", name="backwards_one"),
        schema="classifier",
    )
    op.execute("INSERT INTO classifier.backwards (done, goal, after) VALUES (1, 1, 0)")


def downgrade() -> None:
    """What the older version cannot hold goes: it would match against hashes that are switched off or harmless."""
    for table in ("backwards", "late_matches", "seen_pictures"):
        op.drop_table(table, schema="classifier")
    op.execute(
        "DELETE FROM classifier.bank_entries e USING classifier.banks b WHERE b.name = e.bank AND "
        "(e.algorithm NOT IN ('pdq', 'sha256') OR e.disabled_at IS NOT NULL OR NOT b.enabled OR b.kind = 'harmless')"
    )
    for table in ("bank_changes", "bank_revision", "banks"):
        op.drop_table(table, schema="classifier")
    op.drop_index("bank_entries_revision", "bank_entries", schema="classifier")
    for name in ("disabled_why", "disabled_by", "disabled_at", "revision", "threshold_given", "phash"):
        op.drop_column("bank_entries", name, schema="classifier")
    op.drop_constraint("bank_entries_hash", "bank_entries", schema="classifier")
    op.create_check_constraint("bank_entries_hash", "bank_entries", "octet_length(hash) = 32", schema="classifier")
    op.create_check_constraint(
        "bank_entries_algorithm", "bank_entries", "algorithm IN ('pdq', 'sha256')", schema="classifier"
    )
