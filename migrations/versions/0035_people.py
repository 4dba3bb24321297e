"""Second factors, other log-ins, service accounts, invitations; sessions that one can see and end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.services import isolate

revision = "0035"
down_revision = "0034"

SCHEMA = "gateway"
TABLES = (
    "assertions", "credentials", "invitations", "oidc_begun", "known_browsers", "challenges", "recovery_codes",
    "second_factors",
)  # fmt: skip
SHARED = ("oidc_begun",)  # before anybody is known


def upgrade() -> None:
    extend_accounts()
    extend_sessions()
    create_factors()
    create_doorstep()
    create_services()
    for table in TABLES:
        if table not in SHARED:
            isolate(table, "login")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table, schema=SCHEMA)
    op.execute(f"DELETE FROM {SCHEMA}.sessions")
    for name in ("session_id", "seen_at", "proved_at", "kind", "about", "scopes", "provider_session"):
        op.drop_column("sessions", name, schema=SCHEMA)
    # Who has no password of their own cannot log in under the former rules.
    op.execute(f"DELETE FROM {SCHEMA}.accounts WHERE password_hash IS NULL")
    op.alter_column("accounts", "password_hash", nullable=False, schema=SCHEMA)
    for name in ("name", "off_at", "issuer", "subject", "scopes"):
        op.drop_column("accounts", name, schema=SCHEMA)


def moment(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def login(**more: bool) -> sa.Column[object]:
    account = sa.ForeignKey(f"{SCHEMA}.accounts.login", ondelete="CASCADE")
    return sa.Column("login", sa.Text, account, nullable=False, **more)  # type: ignore[arg-type]  # bools of a column


def extend_accounts() -> None:
    op.alter_column("accounts", "password_hash", nullable=True, schema=SCHEMA)
    for name in ("name", "issuer", "subject"):
        op.add_column("accounts", sa.Column(name, sa.Text), schema=SCHEMA)
    op.add_column("accounts", moment("off_at", nullable=True), schema=SCHEMA)
    op.add_column("accounts", sa.Column("scopes", sa.ARRAY(sa.Text)), schema=SCHEMA)
    op.create_index("accounts_subject", "accounts", ["issuer", "subject"], unique=True, schema=SCHEMA)


def extend_sessions() -> None:
    op.execute(f"DELETE FROM {SCHEMA}.sessions")  # everybody logs in once more, under the new rules
    op.add_column("sessions", sa.Column("session_id", sa.Uuid, nullable=False, unique=True), schema=SCHEMA)
    for name in ("seen_at", "proved_at"):
        op.add_column("sessions", moment(name), schema=SCHEMA)
    for name in ("kind", "about"):
        op.add_column("sessions", sa.Column(name, sa.Text, nullable=False), schema=SCHEMA)
    op.add_column("sessions", sa.Column("scopes", sa.ARRAY(sa.Text)), schema=SCHEMA)
    op.add_column("sessions", sa.Column("provider_session", sa.Text), schema=SCHEMA)
    op.create_index("sessions_login", "sessions", ["login"], schema=SCHEMA)


def create_factors() -> None:
    op.create_table(
        "second_factors",
        login(primary_key=True),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("waiting", sa.LargeBinary),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        moment("confirmed_at", nullable=True),
        schema=SCHEMA,
    )
    op.create_table(
        "recovery_codes",
        login(primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        moment("used_at", nullable=True),
        schema=SCHEMA,
    )


def create_doorstep() -> None:
    op.create_table(
        "challenges",
        sa.Column("token_hash", sa.Text, primary_key=True),
        login(),
        sa.Column("wants", sa.Text, nullable=False),
        sa.Column("going", sa.Text, nullable=False),
        moment("expires_at"),
        schema=SCHEMA,
    )
    op.create_table(
        "known_browsers",
        sa.Column("token_hash", sa.Text, primary_key=True),
        login(primary_key=True),
        moment("seen_at"),
        schema=SCHEMA,
    )
    op.create_table(
        "oidc_begun",
        sa.Column("state_hash", sa.Text, primary_key=True),
        sa.Column("browser_hash", sa.Text, nullable=False),
        sa.Column("going", sa.Text, nullable=False),
        sa.Column("for_session", sa.Uuid),
        moment("expires_at"),
        schema=SCHEMA,
    )
    op.create_table(
        "invitations",
        sa.Column("token_hash", sa.Text, primary_key=True),
        login(unique=True),
        moment("expires_at"),
        schema=SCHEMA,
    )


def create_services() -> None:
    op.create_table(
        "credentials",
        sa.Column("credential_id", sa.Uuid, primary_key=True),
        login(index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.Text),
        sa.Column("jwk", JSONB),
        moment("created_at"),
        moment("expires_at", nullable=True),
        moment("used_at", nullable=True),
        moment("ended_at", nullable=True),
        sa.CheckConstraint("(secret_hash IS NULL) <> (jwk IS NULL)", name="credentials_one_kind"),
        schema=SCHEMA,
    )
    op.create_table(
        "assertions",
        login(primary_key=True),
        sa.Column("jti_hash", sa.Text, primary_key=True),
        moment("expires_at"),
        schema=SCHEMA,
    )
