"""Contacts of providers that other agencies stated."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"

SCHEMA = "drafter"


def upgrade() -> None:
    op.create_table(
        "stated_contacts",
        sa.Column("statement_id", sa.Uuid, primary_key=True),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("domain", sa.Text),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("role", "email", "form")),
        *(sa.Column(name, sa.Text) for name in ("language", "country")),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    op.create_index("stated_contacts_domain", "stated_contacts", ["domain"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_table("stated_contacts", schema=SCHEMA)
