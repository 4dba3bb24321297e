"""Labelled examples, the registry of models with its log, and what is counted of models at work."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import role

revision = "0017"
down_revision = "0016"

SCHEMA = "classifier"
STATUSES = ("refused", "shadow", "canary", "champion", "retired")


def moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def upgrade() -> None:
    create_examples()
    create_registry()
    create_counts()


def create_examples() -> None:
    op.create_table(
        "examples",
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("features", sa.LargeBinary, nullable=False),
        text("language", nullable=True),
        text("category"),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("other", sa.Float, nullable=False),
        text("sampled", nullable=True),
        text("judged_by"),
        moment("kept_at"),
        sa.Column("label", sa.Boolean),
        text("reviewer", nullable=True),
        sa.Column("scripted", sa.Boolean),
        moment("decided_at", nullable=True),
        schema=SCHEMA,
    )
    op.create_index("examples_decided", "examples", ["decided_at"], schema=SCHEMA)
    op.create_index("examples_kept", "examples", ["kept_at"], schema=SCHEMA)


def create_registry() -> None:
    op.create_table(
        "models",
        sa.Column("version", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        text("name"),
        text("status"),
        moment("since"),
        sa.Column("weights", sa.LargeBinary),
        sa.Column("config", JSONB, nullable=False),
        sa.Column("metrics", JSONB, nullable=False),
        text("card"),
        text("base"),
        moment("made_at"),
        text("made_by"),
        sa.CheckConstraint(f"status IN {STATUSES}", name="models_status"),
        schema=SCHEMA,
    )
    for part, statuses in (("champion", "status = 'champion'"), ("trial", "status IN ('shadow', 'canary')")):
        op.create_index(
            f"models_one_{part}", "models", ["name"], unique=True, schema=SCHEMA, postgresql_where=sa.text(statuses)
        )
    op.create_table(
        "promotions",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        text("name"),
        sa.Column("version", sa.BigInteger, nullable=False),
        text("before", nullable=True),
        text("status"),
        text("by"),
        text("reason"),
        moment("at"),
        schema=SCHEMA,
    )
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {SCHEMA}.promotions FROM {role('classifier')}")
    op.execute(
        f"CREATE FUNCTION {SCHEMA}.refuse_promotion_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the log of promotions is append-only: % refused', TG_OP; END $$"
    )
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {SCHEMA}.promotions "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.refuse_promotion_change()"
    )
    op.create_table(
        "trainings",
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        text("name"),
        moment("started_at"),
        moment("lease_until"),
        moment("through", nullable=True),
        moment("finished_at", nullable=True),
        text("started_by"),
        sa.Column("verdicts", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger),
        text("outcome", nullable=True),
        schema=SCHEMA,
    )


def create_counts() -> None:
    op.create_table(
        "scored",
        moment("hour"),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("challenger", sa.BigInteger, nullable=False),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("texts", "canary", "raised", "challenger_raised", "differing")
        ),
        sa.PrimaryKeyConstraint("hour", "version", "challenger"),
        schema=SCHEMA,
    )
    op.create_table(
        "drifts",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        text("what"),
        moment("at"),
        *(sa.Column(name, sa.Float, nullable=False) for name in ("before", "now", "most")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("texts_before", "texts_now")),
        schema=SCHEMA,
    )
    op.create_table(
        "looks_asked",
        sa.Column("day", sa.Date, nullable=False),
        text("slot"),
        sa.Column("granted", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day", "slot"),
        schema=SCHEMA,
    )


def downgrade() -> None:
    for table in ("looks_asked", "drifts", "scored", "trainings", "promotions", "models", "examples"):
        op.drop_table(table, schema=SCHEMA)
    op.execute(f"DROP FUNCTION {SCHEMA}.refuse_promotion_change()")
