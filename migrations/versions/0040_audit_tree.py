"""The audit history in partitions of a month, its Merkle tree and signed heads."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import IN_SIGHT, let_change_only, role

revision = "0040"
down_revision = "0039"

SCHEMA, ROLE = "gateway", role("gateway")
APPEND_ONLY = ("audit_leaves", "audit_nodes")
Moment = sa.DateTime(timezone=True)
OLD_COLUMNS = "chain, seq, at, actor, action, details, prev_hash, hash"
# Months before and after the present one for which there is a partition; the rest lies in the default one.
AHEAD = 3


def upgrade() -> None:
    set_aside("audit_before")
    create_tree()
    create_partitioned()
    op.execute(
        f"DO $$ DECLARE month timestamptz; BEGIN FOR month IN SELECT DISTINCT date_trunc('month', at, 'UTC') "
        f"FROM {SCHEMA}.audit_before LOOP PERFORM {SCHEMA}.audit_month(month); END LOOP; END $$"
    )
    op.execute(f"SELECT {SCHEMA}.audit_partitions()")
    op.execute(
        f"INSERT INTO {SCHEMA}.audit ({OLD_COLUMNS}) SELECT {OLD_COLUMNS} FROM {SCHEMA}.audit_before "
        "ORDER BY at, chain, seq"
    )
    op.drop_table("audit_before", schema=SCHEMA)


def downgrade() -> None:
    set_aside("audit_parts")
    create_plain()
    op.execute(f"INSERT INTO {SCHEMA}.audit ({OLD_COLUMNS}) SELECT {OLD_COLUMNS} FROM {SCHEMA}.audit_parts")
    op.drop_table("audit_parts", schema=SCHEMA)
    for name in ("audit_checks", "audit_heads", "audit_keys", *APPEND_ONLY, "audit_waiting"):
        op.drop_table(name, schema=SCHEMA)
    for name in ("audit_partitions()", "audit_month(timestamptz)", "audit_await()", "sees_case(uuid)"):
        op.execute(f"DROP FUNCTION {SCHEMA}.{name}")


def set_aside(table: str) -> None:
    op.execute(f"ALTER TABLE {SCHEMA}.audit RENAME TO {table}")
    for name in ("pkey", "at"):
        op.execute(f"ALTER INDEX {SCHEMA}.audit_{name} RENAME TO {table}_{name}")


def columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("chain", sa.Uuid, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", Moment, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("actor", "action")),
        sa.Column("details", JSONB, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("prev_hash", "hash")),
    )


def create_partitioned() -> None:
    op.create_table(
        "audit",
        *columns(),
        sa.Column("agency", sa.Text, nullable=False, server_default="home"),
        sa.PrimaryKeyConstraint("chain", "seq", "at"),
        schema=SCHEMA,
        postgresql_partition_by="RANGE (at)",
    )
    # The key of every page is (at, chain, seq); only the first of it is worth its place behind a name.
    op.create_index("audit_at", "audit", ["agency", "at", "chain", "seq"], schema=SCHEMA)
    op.create_index("audit_actor", "audit", ["actor", "at"], schema=SCHEMA)
    op.create_index("audit_action", "audit", ["action", "at"], schema=SCHEMA)
    guard("audit")
    op.execute(f"CREATE TABLE {SCHEMA}.audit_elsewhen PARTITION OF {SCHEMA}.audit DEFAULT")
    op.execute(f"REVOKE ALL ON {SCHEMA}.audit_elsewhen FROM {ROLE}")
    refuse("audit_elsewhen")
    await_leaves()
    make_partitions()
    isolate()


def guard(table: str) -> None:
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {SCHEMA}.{table} FROM {ROLE}")
    refuse(table)


def refuse(table: str) -> None:
    """A statement that names a partition fires none of the triggers of the whole table: each has its own."""
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {SCHEMA}.{table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.refuse_change()"
    )


def await_leaves() -> None:
    """Every line waits for its place in the tree, whoever wrote it: in the order of writing, not of time, so that one
    whose transaction ends late is not passed over."""
    op.execute(
        f"CREATE FUNCTION {SCHEMA}.audit_await() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        f"SET search_path = {SCHEMA}, pg_temp AS $$ BEGIN "
        "INSERT INTO audit_waiting (chain, seq, at, hash) "
        "VALUES (NEW.chain, NEW.seq, NEW.at, decode(NEW.hash, 'hex')); RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER await_leaf AFTER INSERT ON {SCHEMA}.audit FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.audit_await()"
    )


def make_partitions() -> None:
    """With the rights of the owner, for the months around now and no others: nothing that a caller gives."""
    op.execute(
        f"CREATE FUNCTION {SCHEMA}.audit_month(at timestamptz) RETURNS text LANGUAGE plpgsql "
        f"SET search_path = {SCHEMA}, pg_temp SET timezone = 'UTC' AS $$ "
        "DECLARE since timestamptz := date_trunc('month', at); name text := to_char(at, '\"audit_\"YYYY_MM'); BEGIN "
        "IF to_regclass(name) IS NOT NULL THEN RETURN NULL; END IF; "
        "IF EXISTS (SELECT FROM audit_elsewhen e WHERE e.at >= since AND e.at < since + interval '1 month') "
        "THEN RETURN NULL; END IF; "
        "EXECUTE format('CREATE TABLE %I PARTITION OF audit FOR VALUES FROM (%L) TO (%L)', name, since, "
        "since + interval '1 month'); "
        f"EXECUTE format('REVOKE ALL ON %I FROM {ROLE}', name); "
        "EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name); RETURN name; END $$"
    )
    op.execute(
        f"CREATE FUNCTION {SCHEMA}.audit_partitions() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER "
        f"SET search_path = {SCHEMA}, pg_temp AS $$ SELECT made FROM (SELECT audit_month(month) AS made FROM "
        f"generate_series(date_trunc('month', now(), 'UTC'), now() + interval '{AHEAD} months', interval '1 month') "
        "AS month) AS tried WHERE made IS NOT NULL $$"
    )
    for name in ("audit_month(timestamptz)", "audit_partitions()"):
        op.execute(f"REVOKE ALL ON FUNCTION {SCHEMA}.{name} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SCHEMA}.audit_partitions() TO {ROLE}")


def isolate() -> None:
    """A line is seen by the agency in which it was written, and by the one whose case it tells of now."""
    op.execute(f"ALTER TABLE {SCHEMA}.audit ENABLE ROW LEVEL SECURITY")
    # In a language that the planner does not look into: it would read all cases at once for a few lines.
    op.execute(
        f"CREATE FUNCTION {SCHEMA}.sees_case(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE "
        f"SET search_path = {SCHEMA}, pg_temp AS $$ BEGIN "
        "RETURN EXISTS (SELECT FROM cases WHERE case_id = wanted); END $$"
    )
    op.execute(
        f"CREATE POLICY seen ON {SCHEMA}.audit FOR SELECT "
        f"USING ({IN_SIGHT} IN ('*', agency) OR {SCHEMA}.sees_case(chain))"
    )
    op.execute(f"CREATE POLICY added ON {SCHEMA}.audit FOR INSERT WITH CHECK (true)")


def create_tree() -> None:
    line = ("chain", sa.Uuid), ("seq", sa.Integer), ("at", Moment), ("hash", sa.LargeBinary)
    op.create_table(
        "audit_waiting",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        *(sa.Column(name, kind, nullable=False) for name, kind in line),
        schema=SCHEMA,
    )
    op.execute(f"REVOKE INSERT, UPDATE, TRUNCATE ON {SCHEMA}.audit_waiting FROM {ROLE}")
    op.create_table(
        "audit_leaves",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(name, kind, nullable=False) for name, kind in line),
        sa.UniqueConstraint("chain", "seq"),
        schema=SCHEMA,
    )
    op.create_table(
        "audit_nodes",
        sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        schema=SCHEMA,
    )
    create_heads()
    for table in APPEND_ONLY:
        guard(table)


def create_heads() -> None:
    op.create_table(
        "audit_keys",
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("public_key", sa.Text, nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.Column("until", Moment),
        schema=SCHEMA,
    )
    op.create_table(
        "audit_heads",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("log", "root")),
        sa.Column("signed_at", Moment, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("key_id", "signature")),
        sa.Column("stamp", sa.LargeBinary),
        sa.Column("stamped_by", sa.Text),
        sa.Column("stamped_at", Moment),
        schema=SCHEMA,
    )
    op.create_index(
        "audit_heads_unstamped", "audit_heads", ["size"], schema=SCHEMA, postgresql_where=sa.text("stamp IS NULL")
    )
    let_change_only("gateway", "audit_keys", "until")
    let_change_only("gateway", "audit_heads", "stamp, stamped_by, stamped_at")
    op.create_table(
        "audit_checks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("after", sa.Uuid),
        sa.Column("frontier", sa.ARRAY(sa.LargeBinary), nullable=False),
        *(sa.Column(name, Moment) for name in ("latest", "began_at", "moved_at", "ended_at")),
        sa.Column("broken", JSONB),
        sa.Column("early", JSONB),
        schema=SCHEMA,
    )


def create_plain() -> None:
    """As 0006 made it."""
    op.create_table("audit", *columns(), sa.PrimaryKeyConstraint("chain", "seq"), schema=SCHEMA)
    op.create_index("audit_at", "audit", ["at", "seq"], schema=SCHEMA)
    guard("audit")
