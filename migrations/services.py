"""What every service's schema begins with. Migrations of the past call these: they change by new functions only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB


def role(service: str) -> str:
    return f"haetae_{service}"


def create_service(service: str) -> None:
    """Its role, its schema, its inbox and outbox."""
    create_role(service)
    create_schema(service)
    create_outbox(service)
    create_inbox(service)


def drop_service(service: str) -> None:
    """The role stays: it belongs to the server, and another database may use it."""
    op.execute(f"DROP SCHEMA {service} CASCADE")
    op.execute(f"DROP OWNED BY {role(service)}")


def create_role(service: str) -> None:
    """Roles belong to the server, not to the database: another database of the server may have made it already."""
    op.execute(
        f"DO $$ BEGIN CREATE ROLE {role(service)} NOLOGIN; "
        "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    op.execute(f"ALTER ROLE {role(service)} SET search_path = {service}")


def create_schema(service: str) -> None:
    """A schema that only its role may use; tables made in it later are granted to the role by default."""
    op.execute(f"CREATE SCHEMA {service}")
    op.execute(f"GRANT USAGE ON SCHEMA {service} TO {role(service)}")
    op.execute(
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {service} "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role(service)}"
    )
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {service} GRANT USAGE ON SEQUENCES TO {role(service)}")


def let_change_only(service: str, table: str, columns: str) -> None:
    """Nothing else of a row, and no row goes: what is on record stays as it was said."""
    op.execute(f"REVOKE UPDATE, DELETE ON {service}.{table} FROM {role(service)}")
    op.execute(f"GRANT UPDATE ({columns}) ON {service}.{table} TO {role(service)}")


def create_outbox(service: str) -> None:
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("event_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("headers", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        schema=service,
    )
    op.create_index(
        "outbox_waiting", "outbox", ["position"], schema=service, postgresql_where=sa.text("published_at IS NULL")
    )


def create_inbox(service: str) -> None:
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        schema=service,
    )


# By which column it is known whose rows they are, and where that leads to.
LEADS_TO = {
    "case_id": "cases", "login": "accounts", "pseudonym": "accounts", "chain": "chains", "webhook_id": "webhooks",
    "peer_id": "peers",
}  # fmt: skip
IN_SIGHT = "(SELECT gateway.in_sight())"  # a scalar subquery is computed once a statement, not once a row


def isolate(table: str, by: str) -> None:
    """Row-level security on a table of the gateway: rows of the agency in sight, all of them where `*` is.

    `by`: a column of `LEADS_TO`; or `agency`, which the table gets here unless it has it, filled by default from whose
    request it is. The owner of the tables, who is at the command line, is not held by it.
    """
    if by == "agency":
        op.execute(
            f"ALTER TABLE gateway.{table} ADD COLUMN IF NOT EXISTS agency text NOT NULL DEFAULT gateway.whose_request()"
        )
        ours = f"agency = {IN_SIGHT}"
    else:
        ours = f"EXISTS (SELECT FROM gateway.{LEADS_TO[by]} AS whose WHERE whose.{by} = {table}.{by})"
    op.execute(f"ALTER TABLE gateway.{table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY of_agency ON gateway.{table} USING ({IN_SIGHT} = '*' OR {ours})")


def unisolate(table: str, by: str = "") -> None:
    """`by` "agency": the column goes too."""
    op.execute(f"DROP POLICY of_agency ON gateway.{table}")
    op.execute(f"ALTER TABLE gateway.{table} DISABLE ROW LEVEL SECURITY")
    if by == "agency":
        op.execute(f"ALTER TABLE gateway.{table} DROP COLUMN agency")
