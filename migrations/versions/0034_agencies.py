"""Agencies as tenants, down to the rows.

Whose rows a transaction sees is said by the setting `haetae.agency`: one agency, `*` (handlers and background tasks),
or nothing (a request of nobody yet: accounts and sessions, to find out who it is, and no case).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import isolate, role, unisolate

revision = "0034"
down_revision = "0033"

SCHEMA = "gateway"
Moment = sa.DateTime(timezone=True)
BY_CASE = ("notices", "rounds", "answers", "custody", "evidence_orders", "viewings", "autosend_uses")
BY_AGENCY = ("alerts", "submissions", "autosend_policies")
# Agency first: a tenant's queue is read from its own part of the index.
INDEXES = {
    "cases_queue": ("state", "rank DESC", "case_id"),
    "cases_rank": ("rank DESC", "case_id"),
    "cases_updated": ("updated_at",),
}


def upgrade() -> None:
    _create_functions()
    _create_agencies()
    for table in ("cases", "accounts"):
        op.execute(
            f"ALTER TABLE {SCHEMA}.{table} ADD COLUMN agency text NOT NULL DEFAULT {SCHEMA}.whose_request() "
            f"REFERENCES {SCHEMA}.agencies (agency)"
        )
    op.add_column("cases", sa.Column("placed", sa.Text), schema=SCHEMA)
    _create_transfers()
    _create_confirmations()
    isolate("cases", "agency")
    _isolate_people()
    for table in BY_CASE:
        isolate(table, "case_id")
    for table in BY_AGENCY:
        isolate(table, "agency")
    _one_switch_an_agency()
    _index(("agency",))


def downgrade() -> None:
    _index(())
    _one_switch_for_all()
    for table in BY_AGENCY:
        unisolate(table, "agency")
    for table in BY_CASE:
        unisolate(table)
    unisolate("sessions")
    for table in ("accounts", "cases"):
        unisolate(table, "agency")
    op.drop_column("cases", "placed", schema=SCHEMA)
    for table in ("confirmations", "transfers", "agencies"):
        op.drop_table(table, schema=SCHEMA)
    for function in ("accept_transfer(uuid, timestamptz, text)", "whose_request()", "in_sight()"):
        op.execute(f"DROP FUNCTION {SCHEMA}.{function}")


def _create_functions() -> None:
    op.execute(
        f"CREATE FUNCTION {SCHEMA}.in_sight() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS "
        "$$ SELECT coalesce(current_setting('haetae.agency', true), '') $$"
    )
    op.execute(
        f"CREATE FUNCTION {SCHEMA}.whose_request() RETURNS text LANGUAGE sql STABLE AS "
        f"$$ SELECT coalesce(nullif(nullif({SCHEMA}.in_sight(), '*'), ''), 'home') $$"
    )


def _create_agencies() -> None:
    """`position`: whose rule is asked first. Everybody sees them: a case is offered to one by name."""
    op.create_table(
        "agencies",
        sa.Column("agency", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("languages", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("takes", JSONB, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.CheckConstraint("agency ~ '^[a-z][a-z0-9-]{1,39}$'", name="agencies_slug"),
        schema=SCHEMA,
    )
    op.execute(f"REVOKE INSERT, UPDATE, DELETE ON {SCHEMA}.agencies FROM {role('gateway')}")
    op.execute(f"INSERT INTO {SCHEMA}.agencies VALUES ('home', 'Home', '{{ko,en}}', '', '{{}}', 0, now(), now())")


def _create_transfers() -> None:
    """Both sides see the offer; the case itself goes with `accept_transfer`, which alone moves a row across. The
    giver's place for it in the queue goes (migration 0036) and what it was answered about it (0041); what it
    teaches moves (0038)."""
    op.create_table(
        "transfers",
        sa.Column("transfer_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.cases.case_id"), nullable=False),
        *(
            sa.Column(name, sa.Text, sa.ForeignKey(f"{SCHEMA}.agencies.agency"), nullable=False)
            for name in ("from_agency", "to_agency")
        ),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("category", sa.Text),
        sa.Column("offered_by", sa.Text, nullable=False),
        sa.Column("offered_at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("ended_by", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.CheckConstraint("from_agency <> to_agency", name="transfers_to_another"),
        sa.CheckConstraint("outcome IN ('accepted', 'declined', 'withdrawn')", name="transfers_outcome"),
        schema=SCHEMA,
    )
    open_ones = sa.text("ended_at IS NULL")
    op.create_index("transfers_open", "transfers", ["case_id"], unique=True, schema=SCHEMA, postgresql_where=open_ones)
    for side in ("from_agency", "to_agency"):
        op.create_index(f"transfers_{side}", "transfers", [side, sa.text("offered_at DESC")], schema=SCHEMA)
    op.execute(f"REVOKE UPDATE, DELETE ON {SCHEMA}.transfers FROM {role('gateway')}")
    op.execute(f"GRANT UPDATE (ended_at, ended_by, outcome) ON {SCHEMA}.transfers TO {role('gateway')}")
    op.execute(f"ALTER TABLE {SCHEMA}.transfers ENABLE ROW LEVEL SECURITY")
    sight = f"(SELECT {SCHEMA}.in_sight())"
    op.execute(
        f"CREATE POLICY of_both ON {SCHEMA}.transfers USING ({sight} = '*' OR {sight} IN (from_agency, to_agency)) "
        f"WITH CHECK ({sight} = '*' OR {sight} IN (from_agency, to_agency))"
    )
    op.execute(
        f"""CREATE FUNCTION {SCHEMA}.accept_transfer(wanted uuid, at timestamptz, who text) RETURNS uuid
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = {SCHEMA}, pg_temp AS $$
        DECLARE moved uuid; giver text; given uuid;
        BEGIN
            UPDATE transfers SET ended_at = at, ended_by = who, outcome = 'accepted'
            WHERE transfer_id = wanted AND ended_at IS NULL AND to_agency = in_sight()
            RETURNING case_id, from_agency INTO moved, giver;
            UPDATE cases SET agency = in_sight(), placed = 'transfer'
            WHERE case_id = moved AND agency = giver RETURNING case_id INTO given;
            DELETE FROM turns WHERE case_id = given;
            DELETE FROM skips WHERE case_id = given;
            UPDATE golden_cases SET agency = in_sight() WHERE case_id = given;
            UPDATE blind_doubts SET agency = in_sight() WHERE case_id = given;
            DELETE FROM kept_answers WHERE about = given;
            RETURN given;
        END $$"""
    )
    op.execute(f"REVOKE ALL ON FUNCTION {SCHEMA}.accept_transfer FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SCHEMA}.accept_transfer TO {role('gateway')}")


def _create_confirmations() -> None:
    """What a second person has to confirm before it is done."""
    op.create_table(
        "confirmations",
        sa.Column("confirmation_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("case_id", sa.Uuid, sa.ForeignKey(f"{SCHEMA}.cases.case_id")),
        sa.Column("details", JSONB, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("proposed_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("ended_by", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.CheckConstraint("outcome IN ('confirmed', 'refused', 'withdrawn')", name="confirmations_outcome"),
        sa.CheckConstraint("outcome <> 'confirmed' OR ended_by <> proposed_by", name="confirmations_four_eyes"),
        schema=SCHEMA,
    )
    op.execute(f"REVOKE UPDATE, DELETE ON {SCHEMA}.confirmations FROM {role('gateway')}")
    op.execute(f"GRANT UPDATE (ended_at, ended_by, outcome) ON {SCHEMA}.confirmations TO {role('gateway')}")
    isolate("confirmations", "agency")
    op.create_index(
        "confirmations_open", "confirmations", ["agency", "proposed_at"], schema=SCHEMA,
        postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip


def _isolate_people() -> None:
    """Who somebody is has to be found before it is known whose: where no agency is in sight, all accounts are."""
    sight = f"(SELECT {SCHEMA}.in_sight())"
    op.execute(f"ALTER TABLE {SCHEMA}.accounts ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY of_agency ON {SCHEMA}.accounts USING ({sight} IN ('*', '') OR agency = {sight})")
    isolate("sessions", "login")


def _one_switch_an_agency() -> None:
    op.execute(f"ALTER TABLE {SCHEMA}.autosend_switch DROP CONSTRAINT autosend_switch_pkey")
    isolate("autosend_switch", "agency")
    op.drop_column("autosend_switch", "one", schema=SCHEMA)
    op.create_primary_key("autosend_switch_pkey", "autosend_switch", ["agency"], schema=SCHEMA)


def _one_switch_for_all() -> None:
    """Off for all when it was off for one."""
    op.execute(
        f"DELETE FROM {SCHEMA}.autosend_switch WHERE agency <> "
        f"(SELECT agency FROM {SCHEMA}.autosend_switch ORDER BY off DESC, at DESC LIMIT 1)"
    )
    unisolate("autosend_switch")
    op.drop_constraint("autosend_switch_pkey", "autosend_switch", schema=SCHEMA)
    op.drop_column("autosend_switch", "agency", schema=SCHEMA)
    op.execute(f"ALTER TABLE {SCHEMA}.autosend_switch ADD COLUMN one boolean PRIMARY KEY DEFAULT true CHECK (one)")
    op.execute(f"ALTER TABLE {SCHEMA}.autosend_switch ALTER COLUMN one DROP DEFAULT")


def _index(first: tuple[str, ...]) -> None:
    for name, columns in INDEXES.items():
        op.drop_index(name, "cases", schema=SCHEMA)
        op.create_index(name, "cases", [sa.text(column) for column in (*first, *columns)], schema=SCHEMA)
