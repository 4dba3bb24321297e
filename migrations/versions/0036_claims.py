"""Claims with a lease, saved views, clusters.

`turns` is a slim copy of what awaits review: claiming changes rows of a hundred bytes, not those of `cases` with their
reports. A row leaves the index of free ones when it is claimed, so the index's beginning fills with what is gone:
vacuum comes early, and rows have room to be changed in their page.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import isolate

revision = "0036"
down_revision = "0035"

SCHEMA = "gateway"
Moment = sa.DateTime(timezone=True)
FREE, HELD = sa.text("holder IS NULL"), sa.text("holder IS NOT NULL")
TABLES = ("changes", "saved_views", "skips", "marks", "turns")
NEW = ("factors", "waits_since", "due_at", "copies", "pictures", "reported_at")
WAITS = "state = 'drafted'"
VIEWS: dict[str, tuple[tuple[str, ...], str]] = {
    "cases_alarmed": ((), "alarm IS NOT NULL"),
    "cases_further": ((), "awaits IS NOT NULL"),
    "cases_handing": ((), "hand_over_at IS NOT NULL"),
    "cases_unproven": ((), "(failed_at IS NOT NULL AND sealed_at IS NULL) OR cardinality(incomplete) > 0"),
    "cases_by_category": (("category",), WAITS),
    "cases_by_language": (("language",), WAITS),
    "cases_by_country": (("country",), WAITS),
    "cases_by_host": (("host",), "host IS NOT NULL"),
}
QUEUE_TABLE = {
    "fillfactor": "70",
    "autovacuum_vacuum_scale_factor": "0.01",
    "autovacuum_vacuum_threshold": "1000",
    "autovacuum_vacuum_cost_delay": "0",
}


def upgrade() -> None:
    add_reasons_of_order()
    index_views()
    create_turns()
    create_skips()
    create_marks()
    create_views()
    create_changes()
    for table in TABLES:
        isolate(table, "agency")


def add_reasons_of_order() -> None:
    op.add_column("cases", sa.Column("factors", JSONB), schema=SCHEMA)
    for name in ("waits_since", "due_at", "reported_at"):
        op.add_column("cases", sa.Column(name, Moment), schema=SCHEMA)
    for name in ("copies", "pictures"):
        op.add_column("cases", sa.Column(name, sa.Integer), schema=SCHEMA)


def index_views() -> None:
    """Each view in the order of review, and what waits by what it is filtered by."""
    for name, (first, where) in VIEWS.items():
        columns = [sa.text(column) for column in ("agency", *first, "rank DESC", "case_id")]
        op.create_index(name, "cases", columns, schema=SCHEMA, postgresql_where=sa.text(where))


def create_turns() -> None:
    op.create_table(
        "turns",
        sa.Column("case_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.cases.case_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("rank", sa.Double, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("pictures", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in ("known", "reported", "further")),
        sa.Column("formula", sa.Integer, nullable=False),
        sa.Column("holder", sa.Text),
        *(sa.Column(name, Moment) for name in ("claimed_at", "until")),
        sa.CheckConstraint("(holder IS NULL) = (until IS NULL)", name="held_until"),
        schema=SCHEMA,
    )
    order = [sa.text(column) for column in ("agency", "rank DESC", "case_id")]
    by_category = [order[0], sa.text("category"), *order[1:]]
    op.create_index("turns_free", "turns", order, schema=SCHEMA, postgresql_where=FREE)
    op.create_index("turns_free_by_category", "turns", by_category, schema=SCHEMA, postgresql_where=FREE)
    op.create_index("turns_held", "turns", ["holder", "until"], schema=SCHEMA, postgresql_where=HELD)
    op.create_index("turns_formula", "turns", ["formula"], schema=SCHEMA)
    op.execute(f"ALTER TABLE {SCHEMA}.turns SET ({', '.join(f'{name} = {v}' for name, v in QUEUE_TABLE.items())})")
    # What waits already has its place by the old order until the service has computed the new one (formula 0).
    op.execute(
        f"INSERT INTO {SCHEMA}.turns (case_id, agency, rank, category, language, pictures, known, reported, "
        f"further, formula) SELECT case_id, agency, rank, coalesce(category, 'unknown'), language, 0, "
        f"coalesce(known, false), false, awaits IS NOT NULL, 0 FROM {SCHEMA}.cases "
        "WHERE state = 'drafted' OR awaits IS NOT NULL"
    )


def create_skips() -> None:
    """Whose turn it is not for a while. Nobody counts them: what is over is deleted."""
    op.create_table(
        "skips",
        sa.Column("pseudonym", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.cases.case_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("until", Moment, nullable=False),
        schema=SCHEMA,
    )


def create_marks() -> None:
    """By which cases that wait are alike."""
    op.create_table(
        "marks",
        sa.Column("case_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.turns.case_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("mark", sa.Text, primary_key=True),
        sa.Column("agency", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("marks_alike", "marks", ["agency", "mark", "case_id"], schema=SCHEMA)


def create_views() -> None:
    op.create_table(
        "saved_views",
        sa.Column("view_id", sa.Uuid, primary_key=True),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("pseudonym", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("query", JSONB, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("saved_at", Moment, nullable=False),
        sa.UniqueConstraint("agency", "pseudonym", "name", name="saved_views_name"),
        schema=SCHEMA,
    )


def create_changes() -> None:
    """What open pages are told, for an hour. Unlogged: it tells of nothing that is not kept elsewhere, and after a
    crash pages are told to look anew. Ordered by transaction, for positions are taken before commits."""
    op.create_table(
        "changes",
        sa.Column("xid", sa.BigInteger, server_default=sa.text("(pg_current_xact_id()::text::bigint)")),
        sa.Column("position", sa.BigInteger, sa.Identity(always=True)),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("xid", "position"),
        schema=SCHEMA,
        prefixes=["UNLOGGED"],
    )
    op.create_index("changes_at", "changes", ["at"], schema=SCHEMA)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table, schema=SCHEMA)
    for name in VIEWS:
        op.drop_index(name, "cases", schema=SCHEMA)
    for name in NEW:
        op.drop_column("cases", name, schema=SCHEMA)
