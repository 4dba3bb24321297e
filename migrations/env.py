"""Alembic's entry: one history for all services, applied by the owner under one lock."""

import sqlalchemy as sa
from alembic import context

LOCK = 0x4861657461650001  # one migration at a time, whoever starts first: "Haetae" in hexadecimal

engine = sa.create_engine(context.config.attributes["url"], poolclass=sa.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK - (1 << 63)})
        context.run_migrations()
engine.dispose()
