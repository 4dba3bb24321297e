"""What nobody needs any more goes, a little at a time: no transaction of it is long."""

from datetime import timedelta

import sqlalchemy as sa

from shared.database import Transaction
from shared.handling import Context
from shared.regularly import regularly

EVERY_S = 30.0
AT_ONCE = 1_000  # some milliseconds; 120,000 an hour
KEEP_CHECKS = timedelta(days=30)  # the answer is in `content.checked` and in the case: this is for who looks into it
KEEP_HOSTS = timedelta(days=1)  # a picture server, asked no more: a day is longer than any rest that it was given

DROP_CHECKS = sa.text("""
    DELETE FROM checks WHERE check_id IN (
        SELECT check_id FROM checks WHERE done_at < now() - :keep ORDER BY done_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
""")

# Answered long ago, or never: the gateway has told whoever waited.
KEEP_REPORTED = timedelta(days=30)
DROP_REPORTED = sa.text("""
    DELETE FROM reported WHERE report_id IN (
        SELECT report_id FROM reported WHERE reported_at < now() - :keep ORDER BY reported_at LIMIT :most
        FOR UPDATE SKIP LOCKED
    )
""")

DROP_HOSTS = sa.text("""
    DELETE FROM hosts WHERE host IN (
        SELECT host FROM hosts
        WHERE look_at IS NULL AND visits = 0 AND next_allowed_at < now() - :keep
            AND coalesce(leased_until < now(), true)
            AND NOT EXISTS (SELECT FROM sites WHERE sites.host = hosts.host)
            AND NOT EXISTS (SELECT FROM frontier WHERE frontier.host = hosts.host)
            AND NOT EXISTS (SELECT FROM checks WHERE checks.host = hosts.host)
        ORDER BY host LIMIT :most FOR UPDATE SKIP LOCKED
    )
""")


async def tidy(tx: Transaction) -> None:
    await tx.execute(DROP_HOSTS, {"keep": KEEP_HOSTS, "most": AT_ONCE})
    await tx.execute(DROP_CHECKS, {"keep": KEEP_CHECKS, "most": AT_ONCE})
    await tx.execute(DROP_REPORTED, {"keep": KEEP_REPORTED, "most": AT_ONCE})


async def keep_house(context: Context) -> None:
    await regularly(context, EVERY_S, tidy)
