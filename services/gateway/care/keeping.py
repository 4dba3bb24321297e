"""What is counted of people dies by itself."""

from datetime import timedelta

import sqlalchemy as sa

from services.gateway.care import ledger
from services.gateway.care.again import NOBODY, BlindLook, Doubt
from services.gateway.care.house import the_house
from services.gateway.care.scores import MONTH, MONTHS, before, month_of
from services.gateway.care.serving import DAY
from services.gateway.care.sums import KEPT
from shared.database import Transaction
from shared.handling import Context
from shared.regularly import regularly

LOOK_S = 3600.0
UNANSWERED = timedelta(days=7)  # a look that nobody answers is taken back
REMEMBERED = timedelta(days=400)  # that somebody had a case: over a year, and then it may come again


async def forget_in_time(context: Context) -> None:
    await regularly(context, LOOK_S, forget)


async def forget(tx: Transaction) -> None:
    today = the_house().day(tx.clock.now())
    await ledger.drop_before(tx, DAY, today - KEPT)
    await ledger.drop_before(tx, MONTH, before(month_of(today), MONTHS))
    waiting = (BlindLook.done.is_(False), BlindLook.day < today - UNANSWERED)
    await tx.execute(sa.update(BlindLook).where(*waiting).values(done=True, who=NOBODY))
    await tx.execute(sa.delete(BlindLook).where(BlindLook.day < today - REMEMBERED))
    await tx.execute(sa.delete(Doubt).where(Doubt.day < today - REMEMBERED))
