"""Alembic's entry: one history for all services, applied by the owner, one process at a time.

Each migration is a transaction of its own: what it locks is free again at its end, not at the end of them all. Nobody
waits long for a lock: behind a waiting `ALTER TABLE` every statement of the running services waits too.
"""

import sqlalchemy as sa
from alembic import context

LOCK = 0x4861657461650001  # one at a time, whoever starts first: "Haetae" in hexadecimal
LONGEST_WAIT = "2s"  # a handler's transaction takes milliseconds; `runner` tries again

engine = sa.create_engine(context.config.attributes["url"], poolclass=sa.NullPool)
with engine.connect() as connection:
    connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": LOCK - (1 << 63)})
    connection.execute(sa.text("SELECT set_config('lock_timeout', :longest, false)"), {"longest": LONGEST_WAIT})
    connection.commit()  # the lock and the setting are the session's
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
